import { PosternError } from "../../domain/errors.ts";
import type { SearchEngine } from "../../domain/resources.ts";
import type { ProbeAnswer, ProbeTarget } from "../../lib/http-probe.ts";
import { nodeUrl, type NodeAddresses } from "./node-address.ts";

export interface ClusterIdentity {
  readonly engine: SearchEngine;
  readonly engineVersion: string;
}

/** What a node says of itself. */
interface NodeIdentity extends ClusterIdentity {
  readonly name?: string;
  readonly clusterName?: string;
  /** Left out until the node has found its cluster. */
  readonly clusterUuid?: string;
}

/** A node that is not part of a cluster yet says so by this. */
const noCluster = "_na_";

/** What of a probe is the same for every node. */
export type ProbeSettings = Pick<ProbeTarget, "authorization" | "ca" | "insecureSkipVerify">;

/**
 * Asks the nodes what they run. One that answers is enough.
 * @throws PosternError nodes_unreachable naming every node with its reason; bad_parameter where the credentials
 *   are refused
 */
export async function identifyCluster(
  probe: (target: ProbeTarget) => Promise<ProbeAnswer>,
  { scheme, nodes }: NodeAddresses,
  settings: ProbeSettings,
): Promise<ClusterIdentity | undefined> {
  const answers = await ask(probe, { scheme, nodes }, settings);
  const answered = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  if (answered.length === 0) {
    const reasons = nodes.map((node, index) => `${nodeUrl(scheme, node)} (${reasonOf(answers[index])})`);
    throw new PosternError(
      "nodes_unreachable",
      `No node of the cluster answered: ${reasons.join(", ")}. ` +
        "Start the cluster or mend the URLs; to register it all the same, set probe to false.",
    );
  }
  if (
    settings.authorization !== undefined &&
    answered.every(({ status }) => status === 401 || status === 403)
  ) {
    throw new PosternError("bad_parameter", "The cluster refuses the user name and password.");
  }
  return answered.map(readIdentity).find((identity) => identity !== undefined);
}

/** Asks every node, and returns what came of each: as the API shows it. */
export async function askNodes(
  probe: (target: ProbeTarget) => Promise<ProbeAnswer>,
  { scheme, nodes }: NodeAddresses,
  settings: ProbeSettings,
): Promise<readonly object[]> {
  const answers = await ask(probe, { scheme, nodes }, settings);
  return nodes.map((node, index) => {
    const [answer, url] = [answers[index], nodeUrl(scheme, node)];
    if (answer?.status !== "fulfilled") return { url, answered: false, detail: reasonOf(answer) };
    const identity = readIdentity(answer.value);
    return {
      url,
      answered: true,
      detail: `HTTP ${answer.value.status}`,
      ...(identity ? renderIdentity(identity) : {}),
    };
  });
}

function renderIdentity({ engine, engineVersion, name, clusterName, clusterUuid }: NodeIdentity): object {
  return {
    engine,
    version: engineVersion,
    ...(name === undefined ? {} : { name }),
    ...(clusterName === undefined ? {} : { cluster_name: clusterName }),
    ...(clusterUuid === undefined ? {} : { cluster_uuid: clusterUuid }),
  };
}

function ask(
  probe: (target: ProbeTarget) => Promise<ProbeAnswer>,
  { scheme, nodes }: NodeAddresses,
  settings: ProbeSettings,
): Promise<readonly PromiseSettledResult<ProbeAnswer>[]> {
  return Promise.allSettled(
    nodes.map(({ host, port }) => probe({ ...settings, scheme, host, port, path: "/" })),
  );
}

function reasonOf(answer: PromiseSettledResult<unknown> | undefined): string {
  return answer?.status === "rejected" && answer.reason instanceof Error
    ? answer.reason.message
    : "no answer";
}

/** Reads the answer to `GET /`: OpenSearch names itself in `version.distribution`, Elasticsearch does not. */
function readIdentity({ status, body }: ProbeAnswer): NodeIdentity | undefined {
  if (status !== 200) return undefined;
  try {
    const said = JSON.parse(body) as Readonly<Record<string, unknown>> | null;
    const version = said?.["version"] as { number?: unknown; distribution?: unknown } | null | undefined;
    if (typeof version?.number !== "string") return undefined;
    const engine = version.distribution === "opensearch" ? "opensearch" : "elasticsearch";
    return {
      engine,
      engineVersion: version.number.slice(0, 64),
      ...readText("name", said?.["name"]),
      ...readText("clusterName", said?.["cluster_name"]),
      ...readText("clusterUuid", said?.["cluster_uuid"]),
    };
  } catch {
    return undefined;
  }
}

function readText(key: "name" | "clusterName" | "clusterUuid", value: unknown): Partial<NodeIdentity> {
  return typeof value === "string" && value !== noCluster ? { [key]: value.slice(0, 256) } : {};
}
