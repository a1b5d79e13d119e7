import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import { clusterArgument, changeCommand, readCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { warnIfPending } from "./effect.ts";
import { findCluster } from "./find.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import { duration, longestDuration } from "./time.ts";
import type { Cluster, ClusterNode } from "./wire.ts";

interface DrainOptions {
  readonly timeout?: number;
  readonly wait?: true;
  readonly force?: true;
}

/** The server hears of sessions once a second. */
const askMs = 500;
/** Without a time limit sessions may stay for as long as consumers like. */
const longestWaitMs = 3_600_000;
/** After the time limit: reports and clocks need a moment. */
const waitBeyondMs = 30_000;

/** Adds `postern node list|drain|undrain`. */
export function addNodeCommands(program: Command, io: CliIo): void {
  const node = program.command("node").description("nodes of your clusters");
  readCommand(node, "list", "list the nodes of a cluster with their sessions")
    .argument(...clusterArgument)
    .action(async (reference: string | undefined, _options: object, command: Command) =>
      list(connect(io, command), reference),
    );
  changeCommand(node, "drain", "keep new sessions away from a node, before you stop it")
    .argument("<cluster>", "name or id of the cluster")
    .argument("<node>", "URL, HOST:PORT or id of the node")
    .option(
      "--timeout <time>",
      "cut sessions that are left after so long: 30s, 5m, 2h",
      duration(0, longestDuration),
    )
    .option("--wait", "wait until no session is left on it")
    .option("--force", "also where no other node serves")
    .action(async (cluster: string, wanted: string, options: DrainOptions, command: Command) =>
      drain(connect(io, command), cluster, wanted, options),
    );
  changeCommand(node, "undrain", "let a node have new sessions again, a rising share of them")
    .argument("<cluster>", "name or id of the cluster")
    .argument("<node>", "URL, HOST:PORT or id of the node")
    .action(async (cluster: string, wanted: string, _options: object, command: Command) =>
      undrain(connect(io, command), cluster, wanted),
    );
}

async function list({ api, out }: CommandContext, reference: string | undefined): Promise<void> {
  const { nodes } = await findCluster(api, reference);
  if (out.isJson) out.json({ nodes });
  else out.line(nodeTable(nodes));
}

/** Nodes for people, with what they carry; `-` for what gateways do not count. */
export function nodeTable(nodes: readonly ClusterNode[]): string {
  const titles = ["NODE", "STATE", "SESSIONS", "NEW", "BYTES IN", "BYTES OUT", "LAST CHECK", "ID"];
  const rows = nodes.map((node) => [
    node.url,
    node.state,
    node.sessions,
    node.new_sessions,
    node.bytes_in,
    node.bytes_out,
    node.detail,
    node.id,
  ]);
  return renderTable(titles, rows);
}

async function drain(
  context: CommandContext,
  reference: string,
  wanted: string,
  { timeout, wait, force }: DrainOptions,
): Promise<void> {
  const { api, out, isDryRun } = context;
  const cluster = await findCluster(api, reference);
  const { id, url } = findNode(cluster, wanted);
  const body = {
    ...(timeout !== undefined && { timeout_seconds: timeout }),
    ...(force === true && { force: true }),
  };
  const path = api.own("clusters", cluster.id, "nodes", id, "drain");
  const answer = await api.request<ClusterNode>("POST", path, { body });
  warnIfPending(out, answer);
  const isDrained = wait === true && !isDryRun;
  const node = isDrained ? await untilDrained(context, cluster.id, id, timeout) : answer.body;
  if (out.isJson) out.json(node);
  else if (isDrained) out.line(`${url} is drained: no session is left on it. You can stop it now.`);
  else {
    const end = timeout === undefined ? "end by themselves" : `are cut after ${timeout} s`;
    out.line(
      `${url} gets no new sessions; those on it ${end}. Watch it with: postern node list ${cluster.name}`,
    );
  }
}

async function undrain({ api, out }: CommandContext, reference: string, wanted: string): Promise<void> {
  const cluster = await findCluster(api, reference);
  const { id, url } = findNode(cluster, wanted);
  const path = api.own("clusters", cluster.id, "nodes", id, "undrain");
  const answer = await api.request<ClusterNode>("POST", path);
  if (out.isJson) out.json(answer.body);
  else out.line(`${url} gets new sessions again, a rising share of them.`);
  warnIfPending(out, answer);
}

async function untilDrained(
  { api, out }: CommandContext,
  clusterId: string,
  nodeId: string,
  timeoutS: number | undefined,
): Promise<ClusterNode> {
  const waitMs = timeoutS === undefined ? longestWaitMs : timeoutS * 1_000 + waitBeyondMs;
  const deadline = performance.now() + waitMs;
  let told = "";
  for (;;) {
    const { nodes } = await api.get<Cluster>(api.own("clusters", clusterId));
    const node = nodes.find(({ id }) => id === nodeId);
    if (node?.state === "drained") return node;
    if (node?.state !== "draining") {
      throw new CliError(
        "The node is not draining any more: somebody has undrained or removed it.",
        "See what it is now: postern node list CLUSTER",
      );
    }
    const progress = node.sessions === undefined ? "counting its sessions" : leftText(node.sessions);
    if (progress !== told) out.note(progress);
    told = progress;
    if (performance.now() > deadline) {
      throw new CliError(
        `The node still has sessions after ${Math.round(waitMs / 1_000)} s: ${progress}.`,
        "Drain it with a time limit to have them cut: postern node drain CLUSTER NODE --timeout 1m --wait",
      );
    }
    await delay(askMs);
  }
}

function leftText(sessions: number): string {
  return sessions === 1 ? "1 session left" : `${sessions} sessions left`;
}

/** @throws CliError */
function findNode(cluster: Cluster, wanted: string): ClusterNode {
  const found = cluster.nodes.find(
    ({ id, url }) => wanted === id || wanted === url || wanted === url.replace(/^https?:\/\//, ""),
  );
  if (found) return found;
  throw new CliError(
    `The cluster ${cluster.name} has no node "${wanted}".`,
    `Its nodes are: ${cluster.nodes.map(({ url }) => url).join(", ")}`,
  );
}
