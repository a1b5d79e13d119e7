import { hash } from "node:crypto";
import { PosternError } from "../domain/errors.ts";
import type { Cluster } from "../domain/resources.ts";

/** The ETag of a cluster and of everything under it: it changes whenever one of them does. */
export function clusterEtag(cluster: Cluster): string {
  return `"${cluster.version}"`;
}

/** The ETag of what keeps no version: the same as long as the content is. */
export function contentEtag(content: object): string {
  return `"${hash("sha256", JSON.stringify(content), "base64url")}"`;
}

/** Whether a list of entity tags (RFC 9110, section 13.1.2) holds this one, or is `*`. */
export function etagMatches(list: string, etag: string): boolean {
  return list.split(",").some((item) => item.trim() === "*" || item.trim() === etag);
}

/** @throws PosternError (412) where the client's view of the resource is no longer the present one */
export function checkIfMatch(ifMatch: string | undefined, etag: string): void {
  if (ifMatch === undefined || etagMatches(ifMatch, etag)) return;
  throw new PosternError(
    "precondition_failed",
    `The resource has changed: its ETag is ${etag} now, not ${ifMatch}. Read it again and repeat the change.`,
  );
}
