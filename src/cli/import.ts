import type { Command } from "commander";
import type { ApiClient, Answer } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import { CliError } from "./cli-error.ts";
import { changeCommand, connect, repeated } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { warnIfPending } from "./effect.ts";
import { findCluster } from "./find.ts";
import type { CliIo } from "./io.ts";
import { isJsonList } from "./json.ts";
import { readListings } from "./listing-file.ts";
import type { Output } from "./output.ts";
import { renderFields, renderTable } from "./table.ts";

interface ImportOptions {
  readonly createMissing?: true;
}

/** What an import made. */
interface Imported {
  readonly service: { readonly name: string };
  readonly connections: readonly {
    readonly id: string;
    readonly status: string;
    readonly ip: string;
    readonly account_id: string;
  }[];
  readonly permissions: readonly { readonly permission: string }[];
  readonly accounts_made: readonly { readonly id: string; readonly name: string }[];
  readonly networks_made: readonly { readonly name: string; readonly cidr: string }[];
  readonly notes: readonly string[];
}

/** One of `connection`, `permission` and `service` names what it is about. */
interface Obstacle {
  readonly connection?: string;
  readonly permission?: string;
  readonly service?: string;
  readonly reason: string;
  readonly fix: string;
}

/** Adds `postern import`. */
export function addImportCommand(program: Command, io: CliIo): void {
  changeCommand(
    program,
    "import",
    "take over service, connections and whitelist from a listing that was saved elsewhere",
  )
    .argument("<cluster>", "name or id of the cluster that gets the service")
    .argument(
      "<file...>",
      "saved answers to GET .../vpcepservice/connections, every page of one listing; - reads standard input",
      repeated((text) => text),
    )
    .option("--create-missing", "make missing accounts and networks, too (operators only)")
    .action(async (reference: string, files: string[], options: ImportOptions, command: Command) =>
      importFiles(connect(io, command), reference, files, options.createMissing === true),
    );
}

async function importFiles(
  { api, out, io }: CommandContext,
  reference: string,
  files: readonly string[],
  createMissing: boolean,
): Promise<void> {
  const listing = await readListings(files, io.stdin);
  const cluster = await findCluster(api, reference);
  const answer = await send(api, out, cluster.id, { listing, create_missing: createMissing });
  if (out.isJson) out.json(answer.body);
  else show(out, answer.body, cluster.name);
  warnIfPending(out, answer);
}

async function send(api: ApiClient, out: Output, clusterId: string, body: object): Promise<Answer<Imported>> {
  try {
    return await api.request<Imported>("POST", api.own("clusters", clusterId, "import"), { body });
  } catch (error) {
    const obstacles = error instanceof ApiError ? error.details["obstacles"] : undefined;
    if (!(error instanceof ApiError) || !isJsonList<Obstacle>(obstacles)) throw error;
    if (out.isJson) out.json({ obstacles });
    else out.line(renderTable(["WHAT", "ID", "IN THE WAY", "WHAT TO DO"], obstacles.map(rowOf)));
    throw new CliError(error.message, "Do what the list says, then import again.");
  }
}

function rowOf({ connection, permission, service, reason, fix }: Obstacle): string[] {
  if (connection !== undefined) return ["connection", connection, reason, fix];
  if (permission !== undefined) return ["permission", permission, reason, fix];
  return ["service", service ?? "", reason, fix];
}

function show(out: Output, made: Imported, cluster: string): void {
  if (made.connections.length > 0) {
    const rows = made.connections.map(({ id, status, ip, account_id }) => [id, status, ip, account_id]);
    out.line(renderTable(["CONNECTION", "STATUS", "ADDRESS", "ACCOUNT"], rows));
    out.line("");
  }
  out.line(
    renderFields([
      ["Service", made.service.name],
      ["Connections", made.connections.length],
      ["Whitelist", made.permissions.map(({ permission }) => permission).join(", ")],
      ["Accounts made", made.accounts_made.map(({ name }) => name).join(", ")],
      ["Networks made", made.networks_made.map(({ name, cidr }) => `${name} (${cidr})`).join(", ")],
    ]),
  );
  for (const note of made.notes) out.note(note);
  out.note(`See them with: postern connections ${cluster}`);
}
