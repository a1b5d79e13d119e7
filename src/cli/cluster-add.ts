import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { CliError, UsageError } from "./cli-error.ts";
import { changeCommand, connect, integer, repeated } from "./command.ts";
import type { CommandContext } from "./command.ts";
import type { CliIo } from "./io.ts";
import { nodePassword, passwordVariable, readCertificates } from "./node-credentials.ts";
import type { NodeUserOptions } from "./node-credentials.ts";
import { placeOf } from "./place.ts";
import type { PlaceOptions } from "./place.ts";
import { openService, reportOpened, withOpenOptions } from "./service.ts";
import type { OpenOptions } from "./service.ts";
import type { Cluster } from "./wire.ts";

interface AddOptions extends OpenOptions, PlaceOptions, NodeUserOptions {
  readonly open?: true;
  readonly ca?: string;
  readonly insecure?: true;
  readonly clientPort?: number;
  readonly engine?: string;
  readonly version?: string;
  readonly probe: boolean;
}

/** Adds `postern cluster add`. */
export function addClusterAddCommand(parent: Command, io: CliIo): void {
  const command = changeCommand(parent, "add", "register a search cluster by the addresses of its nodes")
    .argument("<name>", "name of the cluster")
    .argument("<url...>", "node addresses, such as http://10.0.0.5:9200", repeated(parseNodeUrl))
    .option("--open", "also turn its endpoint service on");
  withOpenOptions(command)
    .option("--username <name>", "user for the health checks of the nodes")
    .option("--password-file <file>", `file with that user's password (or ${passwordVariable})`)
    .option("--ca <file>", "PEM certificates that the nodes' certificates must chain to")
    .option("--insecure", "accept any certificate of the nodes")
    .option("--vpc <vpc>", "name or id of its home VPC, where its own endpoint is (default: your first)")
    .option("--subnet <subnet>", "name or id of a subnet of that VPC")
    .option("--client-port <port>", "port that consumers connect to (default: 9200)", integer(1, 65_535))
    .addOption(
      new Option("--engine <engine>", "instead of asking the nodes").choices(["opensearch", "elasticsearch"]),
    )
    .option("--version <version>", "version of the engine, instead of asking the nodes")
    .option("--no-probe", "register it even if no node answers")
    .action(async (name: string, urls: string[], options: AddOptions, self: Command) =>
      add(connect(io, self), name, urls, options),
    );
}

async function add(
  context: CommandContext,
  name: string,
  urls: readonly string[],
  options: AddOptions,
): Promise<void> {
  const { api, out } = context;
  requireOpen(options);
  const place = await placeOf(api, options);
  const body = { ...registration(name, urls, options, context.io.env), ...place };
  const { body: added } = await api.request<Cluster>("POST", api.own("clusters"), { body });
  if (!out.isJson) {
    out.line(
      `Registered ${added.name} (${added.engine} ${added.version}, nodes: ${added.nodes.length}) as ${added.id}.`,
    );
  }
  if (options.open !== true) {
    if (out.isJson) out.json(added);
    else out.line(`Turn its endpoint service on with: postern open ${added.name}`);
    return;
  }
  const opened = await openService(api, added, options).catch((error: unknown) => {
    throw halfDone(error, added);
  });
  if (out.isJson) out.json(opened.cluster);
  reportOpened(context, opened);
}

function requireOpen(options: AddOptions): void {
  const given = (["dns", "professional", "dualStack", "approval"] as const)
    .filter((name) => options[name] === true)
    .map((name) => (name === "dualStack" ? "dual-stack" : name));
  if (options.open === true || given.length === 0) return;
  throw new UsageError(
    `--${given.join(" and --")} say how the service is opened, but --open is missing.`,
    "Add --open.",
  );
}

function registration(name: string, urls: readonly string[], options: AddOptions, env: CliIo["env"]): object {
  const password = nodePassword(options, env);
  return {
    name,
    nodes: urls,
    probe: options.probe,
    ...(options.engine !== undefined && { engine: options.engine }),
    ...(options.version !== undefined && { version: options.version }),
    ...(options.username !== undefined && { username: options.username, password }),
    ...(options.ca !== undefined && { ca: readCertificates(options.ca) }),
    ...(options.insecure && { insecure_skip_verify: true }),
    ...(options.clientPort !== undefined && { client_port: options.clientPort }),
  };
}

function parseNodeUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new InvalidArgumentError(`Write node addresses as http://HOST:PORT or https://HOST:PORT.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidArgumentError("Leave user and password out of it: use --username and --password-file.");
  }
  return text;
}

/** The cluster stays registered when opening fails: say so, and how to go on without registering it again. */
function halfDone(error: unknown, cluster: Cluster): unknown {
  if (!(error instanceof CliError)) return error;
  return new CliError(
    `${cluster.name} is registered, but its endpoint service was not opened: ${error.message}`,
    `${error.nextStep}\nThen open it with: postern open ${cluster.name}`,
  );
}
