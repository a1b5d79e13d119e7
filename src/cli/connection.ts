import type { Command } from "commander";
import type { ApiClient } from "./api-client.ts";
import { apiCommand, connect, integer, parseId, repeated } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { describeEffect, warnIfPending } from "./effect.ts";
import { findCluster } from "./find.ts";
import type { Output } from "./output.ts";
import { groupByCluster } from "./find-connections.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import { describeWhitelist, warnIfEveryone } from "./whitelist.ts";
import type { Cluster, ConnectionPage, Endpoint } from "./wire.ts";

interface PageOptions {
  readonly offset: number;
  readonly limit: number;
}

interface DecideOptions {
  readonly cluster?: string;
}

/** `receive` is the published word for accepting. */
type Decision = "receive" | "reject";

/** Adds `postern connections`, `postern accept` and `postern reject`. */
export function addConnectionCommands(program: Command, io: CliIo): void {
  apiCommand(program, "connections [cluster]", "list the endpoints that are connected to a cluster")
    .option("--offset <n>", "leave out the first n", integer(0, 1_000_000), 0)
    .option("--limit <n>", "list at most n", integer(1, 1_000), 100)
    .action(async (reference: string | undefined, options: PageOptions, command: Command) =>
      list(connect(io, command), reference, { offset: options.offset, limit: options.limit }),
    );
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
  apiCommand(program, name, description)
    .argument("<id...>", "endpoint ids, as postern connections lists them", repeated(parseId))
    .option("--cluster <cluster>", "the cluster they are connected to (default: look through all)")
    .action(async (ids: string[], options: DecideOptions, command: Command) =>
      decide(connect(io, command), decision, [...new Set(ids)], options.cluster),
    );
}

async function list(
  { api, out }: CommandContext,
  reference: string | undefined,
  page: PageOptions,
): Promise<void> {
  const cluster = await findCluster(api, reference);
  const path = api.endpointService(cluster.id, "connections");
  const body = await api.get<ConnectionPage>(path, { ...page });
  if (out.isJson) {
    out.json(body);
    return;
  }
  if (body.connections.length === 0) out.line(nothingListed(cluster, body, page));
  else await showConnections(api, out, cluster, body, page);
  const next = page.offset + body.connections.length;
  if (body.connections.length > 0 && next < body.total_count) {
    out.line(
      `These are ${page.offset + 1} to ${next} of ${body.total_count}. Go on with: postern connections ${cluster.name} --offset ${next}`,
    );
  }
  out.line("");
  out.line(
    renderFields([
      ["Service", body.vpcServiceName],
      ["Whitelist", describeWhitelist(body.permissions)],
    ]),
  );
  warnIfEveryone(out, body.permissions, cluster.name);
}

function nothingListed(cluster: Cluster, body: ConnectionPage, page: PageOptions): string {
  if (body.total_count > 0)
    return `Nothing is listed from ${page.offset} on: there are ${body.total_count} connections.`;
  return `No endpoint is connected to ${cluster.name}.\nIts consumers create one with: postern endpoint create ${body.vpcServiceName}`;
}

async function showConnections(
  api: ApiClient,
  out: Output,
  cluster: Cluster,
  { connections }: ConnectionPage,
  page: PageOptions,
): Promise<void> {
  const endpoints = await endpointsById(api, cluster.id, page);
  const rows = connections.map((connection) => [
    connection.id,
    connection.status,
    connection.vpcepIp,
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
  clusterId: string,
  page: PageOptions,
): Promise<Map<string, Endpoint>> {
  const path = api.own("clusters", clusterId, "connections");
  const { connections } = await api.get<{ connections: Endpoint[] }>(path, { ...page });
  return new Map(connections.map((endpoint) => [endpoint.id, endpoint]));
}

async function decide(
  { api, out }: CommandContext,
  decision: Decision,
  ids: readonly string[],
  reference: string | undefined,
): Promise<void> {
  const results: object[] = [];
  for (const [cluster, group] of await groupByCluster(api, ids, reference)) {
    const answer = await api.request("POST", api.endpointService(cluster.id, "connections"), {
      body: { action: decision, endpoint_id_list: group },
    });
    const { severed, enforced } = answer;
    results.push({ cluster_id: cluster.id, action: decision, endpoint_id_list: group, severed, enforced });
    if (!out.isJson) {
      const verb = decision === "receive" ? "Accepted" : "Rejected";
      const what = group.length === 1 ? `connection ${group[0]}` : `${group.length} connections`;
      out.line(`${verb} ${what} of ${cluster.name}: ${describeEffect(answer)}`);
    }
    warnIfPending(out, answer);
  }
  if (out.isJson) out.json({ results });
}
