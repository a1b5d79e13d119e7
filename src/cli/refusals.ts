import type { Command } from "commander";
import { clusterArgument, readCommand, connect, integer, parseId, type CommandContext } from "./command.ts";
import type { Path } from "./api-client.ts";
import { isId } from "./find.ts";
import { findServiceTarget, serviceOption } from "./find-service.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import type { RefusalPage } from "./wire.ts";

interface RefusalOptions {
  readonly endpoint?: string;
  readonly service?: string;
  readonly offset: number;
  readonly limit: number;
}

/** Adds `postern refusals`. */
export function addRefusalsCommand(program: Command, io: CliIo): void {
  readCommand(program, "refusals", "list which connections were refused, why, and from where")
    .argument(...clusterArgument)
    .option(
      "--endpoint <id>",
      "of an endpoint of your own (default: of all endpoints of the cluster)",
      parseId,
    )
    .option("--service <service>", serviceOption)
    .option("--offset <n>", "leave out the first n", integer(0, 1_000_000), 0)
    .option("--limit <n>", "list at most n", integer(1, 1_000), 100)
    .action(async (cluster: string | undefined, options: RefusalOptions, command: Command) =>
      list(connect(io, command), cluster, options),
    );
}

async function list(
  context: CommandContext,
  cluster: string | undefined,
  options: RefusalOptions,
): Promise<void> {
  const { api, out } = context;
  const { offset, limit } = options;
  const body = await api.get<RefusalPage>(await pathOf(context, cluster, options), { offset, limit });
  if (out.isJson) {
    out.json(body);
    return;
  }
  if (body.refusals.length === 0) {
    out.line(
      body.total_count === 0
        ? "Nothing was refused in the last 30 days."
        : `There are ${body.total_count} in all.`,
    );
    return;
  }
  const rows = body.refusals.map((one) => [
    one.reason,
    one.source ?? "others",
    one.count,
    one.first_at,
    one.last_at,
    one.endpoint,
    one.account,
  ]);
  out.line(renderTable(["REASON", "SOURCE", "COUNT", "FIRST", "LAST", "ENDPOINT", "ACCOUNT"], rows));
  const next = offset + body.refusals.length;
  if (next < body.total_count)
    out.note(`These are ${offset + 1} to ${next} of ${body.total_count}. Go on with --offset ${next}.`);
  out.note(`Ask what would happen now: postern explain --endpoint ${body.refusals[0]?.endpoint ?? "ID"}`);
}

async function pathOf(
  { api }: CommandContext,
  cluster: string | undefined,
  { endpoint, service }: RefusalOptions,
): Promise<Path> {
  if (endpoint !== undefined) return api.own("endpoints", endpoint, "refusals");
  // One that is closed is in no list, and refuses all the same.
  if (service !== undefined && isId(service)) return api.own("services", service, "refusals");
  const { clusterId, serviceId } = await findServiceTarget(api, cluster, service);
  return serviceId === undefined
    ? api.own("clusters", clusterId, "refusals")
    : api.own("services", serviceId, "refusals");
}
