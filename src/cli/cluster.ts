import type { Command } from "commander";
import { addClusterAddCommand } from "./cluster-add.ts";
import { requireConfirmation } from "./confirm.ts";
import { clusterArgument, changeCommand, readCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { describeEffect, warnIfPending } from "./effect.ts";
import { findCluster, listClusters } from "./find.ts";
import type { CliIo } from "./io.ts";
import { nodeTable } from "./node.ts";
import { renderFields, renderTable } from "./table.ts";
import type { Cluster, ClusterNode, ConnectionPage } from "./wire.ts";

/** Adds `postern cluster add|list|show|remove`. */
export function addClusterCommands(program: Command, io: CliIo): void {
  const cluster = program.command("cluster").description("search clusters that you own");
  addClusterAddCommand(cluster, io);
  readCommand(cluster, "list", "list the clusters of this project").action(
    async (_options: object, command: Command) => list(connect(io, command)),
  );
  readCommand(cluster, "show", "show one cluster with its nodes and its service")
    .argument(...clusterArgument)
    .action(async (reference: string | undefined, _options: object, command: Command) =>
      show(connect(io, command), reference),
    );
  changeCommand(cluster, "remove <cluster>", "remove a cluster with its service, connections and whitelist")
    .option("--yes", "do not ask")
    .action(async (reference: string, options: { yes?: true }, command: Command) =>
      remove(connect(io, command), reference, options.yes === true),
    );
}

async function list({ api, out }: CommandContext): Promise<void> {
  const clusters = await listClusters(api);
  if (out.isJson) {
    out.json({ clusters, total_count: clusters.length });
  } else if (clusters.length === 0) {
    out.line(
      "No cluster is registered yet.\nRegister one with: postern cluster add NAME http://NODE:9200 --open",
    );
  } else {
    const rows = clusters.map((cluster) => [
      cluster.name,
      cluster.id,
      engineOf(cluster),
      healthOf(cluster.nodes),
      serviceOf(cluster),
    ]);
    out.line(renderTable(["NAME", "ID", "ENGINE", "NODES", "SERVICE"], rows));
  }
}

async function show({ api, out }: CommandContext, reference: string | undefined): Promise<void> {
  const cluster = await findCluster(api, reference);
  if (out.isJson) {
    out.json(cluster);
    return;
  }
  const fields = [
    ["Cluster", cluster.name],
    ["Id", cluster.id],
    ["Engine", engineOf(cluster)],
    ["Port", cluster.client_port],
    ["Service", serviceOf(cluster)],
    ["Service name", cluster.service?.name],
    ["Created", cluster.created_at],
  ] as const;
  out.line(renderFields(fields));
  out.line("");
  out.line(nodeTable(cluster.nodes));
  if (cluster.service?.enabled !== true)
    out.line(`\nTurn its endpoint service on with: postern open ${cluster.name}`);
}

async function remove(context: CommandContext, reference: string, isConfirmed: boolean): Promise<void> {
  const { api, out } = context;
  const cluster = await findCluster(api, reference);
  await requireConfirmation(context, cluster.name, isConfirmed, () => destroyedBy(context, cluster));
  const answer = await api.request("DELETE", api.own("clusters", cluster.id));
  if (out.isJson) out.json({ id: cluster.id, severed: answer.severed, enforced: answer.enforced });
  else out.line(`${cluster.name} is removed: ${describeEffect(answer)}`);
  warnIfPending(out, answer);
}

async function destroyedBy({ api }: CommandContext, cluster: Cluster): Promise<string> {
  const lines = [
    `This takes the cluster ${cluster.name} (${cluster.id}) out of Postern. It cannot be undone. It destroys`,
  ];
  if (cluster.service === null) {
    lines.push("  its registration only: it has no endpoint service.");
  } else if (cluster.service.enabled) {
    const page = await api.get<ConnectionPage>(api.endpointService(cluster.id, "connections"), { limit: 1 });
    lines.push(`  the endpoint service ${cluster.service.name} with its whitelist,`);
    lines.push(
      `  all its connections (${page.total_count}) with their addresses; every live session is cut.`,
    );
  } else {
    lines.push(
      `  the closed endpoint service ${cluster.service.name} with its whitelist and its connections.`,
    );
  }
  lines.push("The machines and the data of the cluster itself are not touched.");
  return lines.join("\n");
}

function engineOf(cluster: Cluster): string {
  return `${cluster.engine} ${cluster.version}`;
}

function healthOf(nodes: readonly ClusterNode[]): string {
  return `${nodes.filter((node) => node.healthy === true).length}/${nodes.length} healthy`;
}

function serviceOf({ service }: Cluster): string {
  if (service === null || !service.enabled) return "closed";
  return service.approval_enabled ? "open, with approval" : "open";
}
