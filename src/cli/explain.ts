import { isIP } from "node:net";
import { InvalidArgumentError, type Command } from "commander";
import type { ApiClient } from "./api-client.ts";
import { CliError } from "./cli-error.ts";
import { readCommand, connect, integer, parseId, type CommandContext } from "./command.ts";
import { parseReference, type Reference } from "./doctor/reference.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import type { Endpoint, ExplainedChange, ExplainedConnection } from "./wire.ts";

interface ExplainOptions {
  readonly endpoint: Reference;
  readonly account?: string;
  readonly source?: string;
  readonly port?: number;
}

const marks: Readonly<Record<string, string>> = { passed: "✓", refused: "✗", unreachable: "✗", unknown: "?" };
const people: Readonly<Record<ExplainedChange["by"], string>> = {
  owner: "The service's owner",
  consumer: "The consumer",
  operator: "The operator of the gateway",
};

/** Adds `postern explain`. */
export function addExplainCommand(program: Command, io: CliIo): void {
  readCommand(
    program,
    "explain",
    "tell what would happen to a connection now, rule by rule, and what would turn it",
  )
    .requiredOption("--endpoint <endpoint>", "id, private name or address of the endpoint", parseReference)
    .option("--account <id>", "as if the endpoint were this account's (owners of the service)", parseId)
    .option("--source <ip>", "address that the connection comes from", parseSource)
    .option("--port <port>", "port that it goes to", integer(1, 65_535))
    .action(async (options: ExplainOptions, command: Command) => explain(connect(io, command), options));
}

function parseSource(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError("It must be an IPv4 or IPv6 address.");
}

/** @throws CliError where the connection is not admitted, for the exit status */
async function explain({ api, out }: CommandContext, options: ExplainOptions): Promise<void> {
  const { account, source, port = options.endpoint.port } = options;
  const endpoint = await findEndpointId(api, options.endpoint);
  const query = {
    endpoint,
    ...(account !== undefined && { account }),
    ...(source !== undefined && { source }),
    ...(port !== undefined && { port }),
  };
  const answer = await api.get<ExplainedConnection>(api.own("explain"), query);
  if (out.isJson) out.json(answer);
  else {
    const rows = answer.rules.map(({ name, outcome, looked_at: found }) => [
      marks[outcome] ?? outcome,
      name,
      found,
    ]);
    out.line(renderTable(["", "RULE", "FOUND"], rows));
  }
  if (answer.verdict !== "admitted") throw notAdmitted(answer);
  if (!out.isJson) out.line("\nAdmitted: a new connection gets through.");
}

function notAdmitted({ verdict, reason, rules }: ExplainedConnection): CliError {
  const change = rules.find((rule) => rule.reason === reason)?.change;
  const what = { refused: "is refused", unreachable: "does not arrive", unknown: "cannot be foretold" }[
    verdict as string
  ];
  return new CliError(
    `A new connection ${what ?? verdict}: ${reason ?? ""}.`,
    change ? adviceOf(change) : "",
  );
}

function adviceOf({ by, what, command }: ExplainedChange): string {
  return `${people[by]} can turn that. ${what}${command === undefined ? "" : `\n  ${command}`}`;
}

/** @throws CliError where none of the project's endpoints is meant, or several are */
async function findEndpointId(api: ApiClient, { id, host }: Reference): Promise<string> {
  if (id !== undefined) return id;
  const endpoints = await api.list<Endpoint>(api.own("endpoints"), "endpoints");
  const meant = endpoints.filter(({ ip, ip6, dns_name: name }) => [ip, ip6, name].includes(host));
  const [found, ...others] = meant;
  if (found === undefined) {
    throw new CliError(
      `No endpoint of this project is at ${host ?? ""}.`,
      "Name it by its id. See your endpoints with postern endpoint list, and those of your service with postern connections.",
    );
  }
  if (others.length === 0) return found.id;
  const ids = meant.map((endpoint) => endpoint.id).join(", ");
  throw new CliError(
    `${meant.length} endpoints are at ${host ?? ""}, in different networks.`,
    `Say which by its id: ${ids}`,
  );
}
