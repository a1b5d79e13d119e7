import { isIP } from "node:net";
import type { Command } from "commander";
import { readCommand } from "./command.ts";
import { examineCluster, type ClusterSettings } from "./doctor/examine-cluster.ts";
import {
  destinationsOf,
  examineConnections,
  examineName,
  nameless,
  resolveHost,
} from "./doctor/examine-network.ts";
import type { Finding } from "./doctor/finding.ts";
import { readRefusals, type KnownEndpoint } from "./doctor/known-endpoint.ts";
import { parseReference, type Reference } from "./doctor/reference.ts";
import { report } from "./doctor/report.ts";
import { clusterSettings } from "./doctor/settings.ts";
import { findSource, learn, type Source } from "./doctor/source.ts";
import type { CliIo } from "./io.ts";
import { passwordVariable, type NodeUserOptions } from "./node-credentials.ts";
import { Output } from "./output.ts";
import { duration } from "./time.ts";

interface DoctorOptions extends NodeUserOptions {
  readonly api: boolean;
  readonly ca?: string;
  readonly timeout: number;
  readonly json?: true;
}

const defaultPort = 9_200;
const progressAfterMs = 1_000;

/** Adds `postern doctor`. */
export function addDoctorCommand(program: Command, io: CliIo): void {
  readCommand(program, "doctor", "examine an endpoint from this machine: name, TCP, TLS, cluster, sniffing")
    .argument(
      "<endpoint>",
      "id, private name, or HOST:PORT; with http:// or https:// before it, what clients use",
      parseReference,
    )
    .option("--no-api", "judge by what is seen alone; otherwise the API says how it should be")
    .option("--username <name>", "user of the cluster")
    .option("--password-file <file>", `file with that user's password (or ${passwordVariable})`)
    .option("--ca <file>", "PEM certificates that the cluster's must chain to")
    .option("--timeout <time>", "longest wait of each check, up to a minute", duration(1, 60), 5)
    .action(async (reference: Reference, options: DoctorOptions, command: Command) =>
      examine(io, reference, options, command),
    );
}

async function examine(
  io: CliIo,
  reference: Reference,
  options: DoctorOptions,
  command: Command,
): Promise<void> {
  const settings = clusterSettings(reference, options, io.env);
  const source = findSource(io, options.api, command);
  const out = new Output(io, command.optsWithGlobals<DoctorOptions>().json === true);
  const waiting = setTimeout(() => {
    if (io.isTerminal) out.note("Looking, which takes some seconds where nothing answers ...");
  }, progressAfterMs);
  try {
    report(out, await findingsOf(reference, source, settings));
  } finally {
    clearTimeout(waiting);
  }
}

async function findingsOf(
  reference: Reference,
  source: Source,
  settings: ClusterSettings,
): Promise<readonly Finding[]> {
  const { timeoutMs } = settings;
  const { host: given } = reference;
  const early = given === undefined ? undefined : await resolveHost(given, timeoutMs);
  const addresses = early === undefined ? [] : [...early.ipv4.addresses, ...early.ipv6.addresses];
  const { known, finding } = await learn(reference, source, addresses);
  const name = given === undefined || isIP(given) !== 0 ? known?.name : given;
  const resolved = name === given ? early : undefined;
  const names =
    name === undefined
      ? [nameless(known)]
      : await examineName(name, resolved ?? (await resolveHost(name, timeoutMs)), known, timeoutMs);
  const ports = reference.port === undefined ? (known?.ports ?? [defaultPort]) : [reference.port];
  const own = destinationsOf(known?.addresses ?? addresses, ports);
  const refusals = async (): Promise<KnownEndpoint["refusals"]> =>
    "api" in source && known !== undefined ? readRefusals(source.api, known.id) : {};
  const { findings, answers } = await examineConnections(own, known, refusals, timeoutMs);
  const open = answers.find(({ outcome }) => outcome === "open");
  const calledBy = given ?? known?.name ?? known?.addresses[0] ?? "";
  return [finding, ...names, ...findings, ...(await examineCluster(open, calledBy, own, settings))];
}
