import type { Command } from "commander";
import type { ApiClient } from "./api-client.ts";
import {
  clusterArgument,
  changeCommand,
  readCommand,
  connect,
  integer,
  parseId,
  repeated,
} from "./command.ts";
import type { CommandContext } from "./command.ts";
import { describeEffect, warnIfPending } from "./effect.ts";
import { findServiceTarget, serviceOption } from "./find-service.ts";
import type { ServiceTarget } from "./find-service.ts";
import type { Output } from "./output.ts";
import { groupByCluster } from "./find-connections.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import { describeWhitelist, warnIfEveryone } from "./whitelist.ts";
import type { ConnectionPage, Endpoint } from "./wire.ts";

interface PageOptions {
  readonly offset: number;
  readonly limit: number;
}

interface ListOptions extends PageOptions {
  readonly service?: string;
}

interface DecideOptions {
  readonly cluster?: string;
  readonly service?: string;
}

/** `receive` is the published word for accepting. */
type Decision = "receive" | "reject";

/** Adds `postern connections`, `postern accept` and `postern reject`. */
export function addConnectionCommands(program: Command, io: CliIo): void {
  readCommand(program, "connections", "list the endpoints that are connected to a cluster")
    .argument(...clusterArgument)
    .option("--offset <n>", "leave out the first n", integer(0, 1_000_000), 0)
    .option("--limit <n>", "list at most n", integer(1, 1_000), 100)
    .option("--service <service>", serviceOption)
    .action(async (reference: string | undefined, options: ListOptions, command: Command) => {
      const context = connect(io, command);
      const target = await findServiceTarget(context.api, reference, options.service);
      await list(context, target, { offset: options.offset, limit: options.limit });
    });
  addDecision(program, io, "accept", "receive", "let endpoints connect");
  addDecision(program, io, "reject", "reject", "refuse endpoints and cut their sessions");
}

function addDecision(
  program: Command,
  io: CliIo,
  name: string,
  decision: Decision,
  description: string,
): void {
  changeCommand(program, name, description)
    .argument("<id...>", "endpoint ids, as postern connections lists them", repeated(parseId))
    .option("--cluster <cluster>", "the cluster they are connected to (default: look through all)")
    .option("--service <service>", serviceOption)
    .action(async (ids: string[], options: DecideOptions, command: Command) =>
      decide(connect(io, command), decision, [...new Set(ids)], options),
    );
}

async function list({ api, out }: CommandContext, target: ServiceTarget, page: PageOptions): Promise<void> {
  const body = await api.get<ConnectionPage>(target.path("connections"), { ...page });
  if (out.isJson) {
    out.json(body);
    return;
  }
  if (body.connections.length === 0) out.line(nothingListed(target, body, page));
  else await showConnections(api, out, target, body, page);
  const next = page.offset + body.connections.length;
  if (body.connections.length > 0 && next < body.total_count) {
    out.line(
      `These are ${page.offset + 1} to ${next} of ${body.total_count}. Go on with: postern connections ${target.argument} --offset ${next}`,
    );
  }
  out.line("");
  out.line(
    renderFields([
      ["Service", body.vpcServiceName],
      ["Whitelist", describeWhitelist(body.permissions)],
    ]),
  );
  warnIfEveryone(out, body.permissions, target);
}

function nothingListed({ name }: ServiceTarget, body: ConnectionPage, page: PageOptions): string {
  if (body.total_count > 0)
    return `Nothing is listed from ${page.offset} on: there are ${body.total_count} connections.`;
  return `No endpoint is connected to ${name}.\nIts consumers create one with: postern endpoint create ${body.vpcServiceName}`;
}

async function showConnections(
  api: ApiClient,
  out: Output,
  target: ServiceTarget,
  { connections }: ConnectionPage,
  page: PageOptions,
): Promise<void> {
  const endpoints = await endpointsById(api, target, page);
  const rows = connections.map((connection) => [
    connection.id,
    connection.status,
    [connection.vpcepIp, connection.vpcepIpv6Address].filter((address) => address !== undefined).join(" "),
    `${endpoints.get(connection.id)?.sessions ?? "-"}/${connection.maxSession}`,
    connection.domain_id,
    connection.created_at,
  ]);
  out.line(renderTable(["ID", "STATUS", "ADDRESS", "SESSIONS", "ACCOUNT", "CREATED"], rows));
  const silent = [...endpoints.values()].filter((endpoint) => endpoint.note !== undefined);
  if (silent.length > 0) {
    out.note(
      `Of these, ${silent.length} are in networks that no gateway is attached to, and carry nothing: ` +
        silent.map((endpoint) => endpoint.ip).join(", "),
    );
  }
}

/** Live sessions are not part of the published connection: Postern's own view of the same page has them. */
async function endpointsById(
  api: ApiClient,
  { clusterId, serviceId }: ServiceTarget,
  page: PageOptions,
): Promise<Map<string, Endpoint>> {
  const path = api.own("clusters", clusterId, "connections");
  const query = { ...page, ...(serviceId !== undefined && { service_id: serviceId }) };
  const { connections } = await api.get<{ connections: Endpoint[] }>(path, query);
  return new Map(connections.map((endpoint) => [endpoint.id, endpoint]));
}

async function decide(
  { api, out }: CommandContext,
  decision: Decision,
  ids: readonly string[],
  options: DecideOptions,
): Promise<void> {
  const results: object[] = [];
  for (const [target, group] of await groupByTarget(api, ids, options)) {
    const answer = await api.request("POST", target.path("connections"), {
      body: { action: decision, endpoint_id_list: group },
    });
    const { severed, enforced } = answer;
    results.push({
      cluster_id: target.clusterId,
      action: decision,
      endpoint_id_list: group,
      severed,
      enforced,
    });
    if (!out.isJson) {
      const verb = decision === "receive" ? "Accepted" : "Rejected";
      const what = group.length === 1 ? `connection ${group[0]}` : `${group.length} connections`;
      out.line(`${verb} ${what} of ${target.name}: ${describeEffect(answer)}`);
    }
    warnIfPending(out, answer);
  }
  if (out.isJson) out.json({ results });
}

async function groupByTarget(
  api: ApiClient,
  ids: readonly string[],
  { cluster, service }: DecideOptions,
): Promise<(readonly [ServiceTarget, readonly string[]])[]> {
  if (service !== undefined) return [[await findServiceTarget(api, cluster, service), ids]];
  const groups: (readonly [ServiceTarget, readonly string[]])[] = [];
  for (const [{ id }, group] of await groupByCluster(api, ids, cluster)) {
    groups.push([await findServiceTarget(api, id, undefined), group]);
  }
  return groups;
}
