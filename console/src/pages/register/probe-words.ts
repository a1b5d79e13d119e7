import type { ProbedNode } from "../../api/generated.ts";
import { texts } from "../../texts/en.ts";

export interface Finding {
  readonly type: "success" | "warning" | "error";
  readonly text: string;
}

const t = texts.register.found;

/** Parts of what is said of a failure, and what they mean. */
const failures: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, t.refused],
  [/ENOTFOUND|EAI_AGAIN/, t.noName],
  [/timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, t.silent],
  [/ERR_TLS_CERT_ALTNAME/, t.otherName],
  [/CERT_HAS_EXPIRED/, t.expired],
  [/CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)/, t.unknownAuthority],
  [/EPROTO|ERR_SSL|WRONG_VERSION/, t.noTls],
  [/ECONNRESET|HPE_|socket hang up/, t.hungUp],
];

/**
 * Says in plain words what came of asking a node.
 * @param hasUser a user and password were given
 */
export function findingOf(node: ProbedNode, hasUser: boolean): Finding {
  const { answered, detail, engine, version, name } = node;
  if (!answered) {
    const meaning = failures.find(([pattern]) => pattern.test(detail))?.[1];
    return { type: "error", text: meaning === undefined ? detail : `${meaning} (${detail})` };
  }
  if (engine !== undefined) {
    return { type: "success", text: t.node(engine, version ?? "", name) };
  }
  if (/\b40[13]\b/.test(detail)) {
    return hasUser ? { type: "error", text: t.wrongUser } : { type: "warning", text: t.asksForUser };
  }
  return { type: "warning", text: t.somethingElse(detail) };
}

/** Clusters that nodes say they are part of, by their nodes' URLs: more than one of them is a mistake. */
export function clustersOf(
  nodes: readonly ProbedNode[],
): readonly { readonly name: string; readonly urls: readonly string[] }[] {
  const clusters = new Map<string, { name: string; urls: string[] }>();
  for (const { url, cluster_uuid: uuid, cluster_name: name } of nodes) {
    if (uuid === undefined) continue;
    const cluster = clusters.get(uuid) ?? { name: name ?? uuid, urls: [] };
    cluster.urls.push(url);
    clusters.set(uuid, cluster);
  }
  return [...clusters.values()];
}
