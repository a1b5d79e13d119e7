import { digestTexts, type Authenticate } from "../lib/authenticator.ts";
import type { AuditEvent } from "./audit.ts";

/** A change as it is stored: `before` and `after` are JSON, byte for byte. */
export interface StoredChange {
  readonly id: number;
  readonly kind: string;
  readonly resourceId: string;
  readonly projectId: string | null;
  readonly ownerProjectId: string | null;
  readonly accountId: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

/** A place in the chain that is authenticated by itself: where it begins, and where it ends. */
export interface ChainMark {
  /** `anchor`: the last event that retention took; `origin`: the last one whose changes are not known. */
  readonly name: "origin" | "anchor" | "head";
  readonly seq: number;
  readonly at: number;
  /** Link of the event `seq`. */
  readonly hash: string;
}

/** Returns the digest of one event with its changes. Anybody can compute it: it takes no key. */
export function digestOf(event: AuditEvent, changes: readonly StoredChange[]): string {
  return digestTexts([...textsOfEvent(event), ...changes.flatMap(textsOfChange)]);
}

/**
 * Returns the link of one event: it holds for the event, and through `previous` for all before it.
 * @param previous link of the event before
 * @param digest of the event
 */
export function linkOf(authenticate: Authenticate, previous: string, digest: string): string {
  return authenticate("event", previous, digest);
}

/** Returns what makes a mark hold: without the key nobody can say that the chain begins or ends elsewhere. */
export function sealOf(authenticate: Authenticate, { name, seq, at, hash }: ChainMark): string {
  return authenticate("mark", name, String(seq), String(at), hash);
}

/** Link of the event before the first. */
export function firstLink(authenticate: Authenticate): string {
  return authenticate("begin");
}

function textsOfEvent(event: AuditEvent): readonly (string | null)[] {
  const { seq, revision, at, actor, accountId, projectId, source, action, resource, requestId } = event;
  const numbers = [seq, revision, at].map(String);
  return [...numbers, actor, accountId, projectId, source, action, resource, requestId];
}

function textsOfChange(change: StoredChange): readonly (string | null)[] {
  const { id, kind, resourceId, projectId, ownerProjectId, accountId, before, after } = change;
  return [String(id), kind, resourceId, projectId, ownerProjectId, accountId, before, after];
}
