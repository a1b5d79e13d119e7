import { isIPv6 } from "node:net";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type NodeId } from "../../domain/ids.ts";
import type { ClusterNode } from "../../domain/resources.ts";

/** Where the nodes of a cluster are, all behind one scheme. */
export interface NodeAddresses {
  readonly scheme: "http" | "https";
  readonly nodes: readonly ClusterNode[];
}

/**
 * Reads node URLs such as `http://10.0.0.5:9200`.
 * @throws PosternError bad_parameter for another scheme, a path, credentials, two schemes, or a node named twice
 */
export function parseNodeAddresses(urls: readonly string[]): NodeAddresses {
  const parsed = urls.map(parseNodeUrl);
  const [first] = parsed;
  if (!first) throw new PosternError("bad_parameter", "A cluster needs at least one node URL.");
  const { scheme } = first;
  if (parsed.some((node) => node.scheme !== scheme)) {
    throw new PosternError("bad_parameter", "The nodes must all use http or all use https.");
  }
  const nodes = parsed.map(({ host, port }) => ({ id: newUuid<NodeId>(), host, port }));
  if (new Set(nodes.map(({ host, port }) => `${host} ${port}`)).size < nodes.length) {
    throw new PosternError("bad_parameter", "A node is named twice.");
  }
  return { scheme, nodes };
}

export function nodeUrl(scheme: "http" | "https", node: ClusterNode): string {
  return `${scheme}://${isIPv6(node.host) ? `[${node.host}]` : node.host}:${node.port}`;
}

function parseNodeUrl(text: string): { scheme: "http" | "https"; host: string; port: number } {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new PosternError("bad_parameter", `"${text}" is no node URL. Write it like http://10.0.0.5:9200.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new PosternError(
      "bad_parameter",
      "A node URL must not hold credentials. Give username and password apart.",
    );
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new PosternError("bad_parameter", `The node URL "${text}" must end after the port.`);
  }
  const scheme = url.protocol === "https:" ? "https" : "http";
  const port = url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port);
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ""), port };
}
