import { Argument, type Command } from "commander";
import type { ApiClient } from "./api-client.ts";
import { CliError, UsageError } from "./cli-error.ts";
import { readCommand, connect, integer, type CommandContext } from "./command.ts";
import { findVpc } from "./find.ts";
import { forwardingSnippets, resolverNames, type ResolverName } from "./forwarding.ts";
import type { CliIo } from "./io.ts";
import type { Endpoint, SystemStatus, Vpc } from "./wire.ts";
import { renderZoneFile } from "./zone-file.ts";

interface ExportOptions {
  readonly vpc?: string;
  readonly ttl: number;
}

interface SnippetOptions {
  readonly vpc?: string;
  readonly port: number;
}

const mostTtlS = 3_600;

/** Adds `postern dns export|snippet`. */
export function addDnsCommands(program: Command, io: CliIo): void {
  const dns = program
    .command("dns")
    .description("private names of your networks, for resolvers and name servers");
  readCommand(dns, "export", "print the names of a VPC as a zone file")
    .option("--vpc <vpc>", "name or id of the VPC (default: the only one)")
    .option("--ttl <seconds>", "how long resolvers may keep answers", integer(1, mostTtlS), 5)
    .action(async (options: ExportOptions, command: Command) => exportZone(connect(io, command), options));
  readCommand(dns, "snippet", "print what a resolver needs to forward the names of a VPC")
    .addArgument(new Argument("<resolver>", "the resolver's program").choices(resolverNames))
    .option("--vpc <vpc>", "name or id of the VPC (default: the only one)")
    .option("--port <port>", "port of the gateway's name server", integer(1, 65_535), 53)
    .action(async (resolver: ResolverName, options: SnippetOptions, command: Command) =>
      snippet(connect(io, command), resolver, options),
    );
}

async function exportZone(
  { api, out }: CommandContext,
  { vpc: reference, ttl }: ExportOptions,
): Promise<void> {
  const vpc = await chosenVpc(api, reference);
  const zone = await zoneOf(api);
  const endpoints = await api.list<Endpoint>(api.own("endpoints"), "endpoints");
  const names = endpoints.flatMap(({ vpc_id, status, dns_name: name, ip, ip6 }) =>
    vpc_id === vpc.id && status === "accepted" && name !== undefined
      ? [{ name, addresses: ip6 === undefined ? [ip] : [ip, ip6] }]
      : [],
  );
  const nameServer = vpc.dns_address;
  if (out.isJson) {
    out.json({
      zone,
      vpc_id: vpc.id,
      ...(nameServer === undefined ? {} : { dns_address: nameServer }),
      names,
    });
    return;
  }
  const serial = Math.floor(Date.now() / 1_000);
  out.line(
    renderZoneFile({ zone, ...(nameServer === undefined ? {} : { nameServer }), ttlS: ttl, serial, names }),
  );
}

async function snippet(
  { api, out }: CommandContext,
  resolver: ResolverName,
  { vpc: reference, port }: SnippetOptions,
): Promise<void> {
  const vpc = await chosenVpc(api, reference);
  const zone = await zoneOf(api);
  const address = vpc.dns_address;
  if (address === undefined)
    throw new CliError(
      `No endpoint in VPC ${vpc.name} has a private name, so nobody answers for names there.`,
      "Its name server's address comes with the first one: postern open CLUSTER --dns",
    );
  const text = forwardingSnippets[resolver]({ zone, address, port });
  if (out.isJson) out.json({ resolver, zone, address, port, text });
  else out.line(text);
}

/** @throws CliError with a server of an earlier version */
async function zoneOf(api: ApiClient): Promise<string> {
  const { dns_zone: zone } = await api.get<SystemStatus>(api.own("status"));
  if (zone !== undefined) return zone;
  throw new CliError("This server does not say which zone its names are in.", "Upgrade it to this version.");
}

/** Returns the VPC with this name or id; without one, the only VPC of the project. @throws CliError, UsageError */
async function chosenVpc(api: ApiClient, reference: string | undefined): Promise<Vpc> {
  if (reference !== undefined) return findVpc(api, reference);
  const [only, ...others] = await api.list<Vpc>(api.own("vpcs"), "vpcs");
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined)
    throw new CliError("This project has no VPC.", "Create one with: postern vpc create NAME");
  throw new UsageError(
    `This project has ${others.length + 1} VPCs, and each has names of its own.`,
    "Say which with --vpc NAME; postern vpc list shows them.",
  );
}
