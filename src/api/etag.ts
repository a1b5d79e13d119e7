import { hash } from "node:crypto";
import { PosternError } from "../domain/errors.ts";
import type { Cluster } from "../domain/resources.ts";
import type { OperationReply } from "./operation.ts";

/** The ETag of a cluster and of everything under it: it changes whenever one of them does. */
export function clusterEtag(cluster: Cluster): string {
  return `"${cluster.version}"`;
}

/** The ETag of what keeps no version: the same as long as the content is. */
export function contentEtag(content: object): string {
  return `"${hash("sha256", JSON.stringify(content), "base64url")}"`;
}

/**
 * Answers with what gateways report, too: figures that change without a write. Its ETag is the version with a digest of the
 * body, so that a reader is never told that nothing is new; a writer's If-Match asks for the version alone.
 */
export function liveReply(cluster: Cluster, content: object): OperationReply {
  const body = JSON.stringify(content);
  const digest = hash("sha256", body).slice(0, digestLength);
  return { headers: { etag: `"${cluster.version}.${digest}"` }, body };
}

const digestLength = 16;
const digests = new RegExp(`\\.[0-9a-f]{${digestLength}}"`, "g");

/** Whether a list of entity tags (RFC 9110, section 13.1.2) holds this one, or is `*`. */
export function etagMatches(list: string, etag: string): boolean {
  return list.split(",").some((item) => item.trim() === "*" || item.trim() === etag);
}

/** @throws PosternError (412) where the client's view of the resource is no longer the present one */
export function checkIfMatch(ifMatch: string | undefined, etag: string): void {
  if (ifMatch === undefined || etagMatches(ifMatch.replaceAll(digests, '"'), etag)) return;
  throw new PosternError(
    "precondition_failed",
    `The resource has changed: its ETag is ${etag} now, not ${ifMatch}. Read it again and repeat the change.`,
  );
}
