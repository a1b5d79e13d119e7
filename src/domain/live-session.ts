import { parseIpv4 } from "../lib/ipv4.ts";
import { parseIpv6 } from "../lib/ipv6.ts";
import type { EndpointId } from "./ids.ts";

/** One end of a session as the gateway sees it. */
export interface SessionPeer {
  /** IPv4 or IPv6. */
  readonly host: string;
  readonly port: number;
}

/** `opening`: the node has not answered yet. `closing`: one end has said that it is done. */
export type SessionState = "opening" | "established" | "closing";

/** What tells a session from all others that its endpoint carries at the same time. */
export interface SessionKey {
  /** The consumer. */
  readonly source: SessionPeer;
  /** The endpoint's port that he is connected to: one source port may lead to several of them. */
  readonly clientPort: number;
}

/** A consumer's connection that is carried now. */
export interface LiveSession extends SessionKey {
  readonly endpointId: EndpointId;
  /** Undefined while no node has it. */
  readonly node?: SessionPeer;
  /** Milliseconds since the epoch; undefined where the kernel does not note it. */
  readonly startedAt?: number;
  /** For how long nobody has said a thing, give or take a second; undefined where the kernel does not tell. */
  readonly idleMs?: number;
  /** From the consumer, and to him. The kernel counts packets with their headers, the proxy what they carry. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly state: SessionState;
}

/** `age`: the newest first; `bytes`: who carried most first; `idle`: the longest silent first; `source`: by address. */
export const sessionOrders = ["age", "bytes", "idle", "source"] as const;
export type SessionOrder = (typeof sessionOrders)[number];

export interface SessionQuery {
  /** Of these endpoints only; of all where it is left out. */
  readonly endpoints?: readonly EndpointId[];
  /** Which of them to return, and in which order; `age` where it is left out. */
  readonly order?: SessionOrder;
  /** Most sessions to return, from 1. */
  readonly limit: number;
}

export interface SessionList {
  /** How many there are. */
  readonly total: number;
  /** The first of them in the order that was asked for. */
  readonly sessions: readonly LiveSession[];
}

/** What sessions are put in order by; the lower comes first. */
export type SortKey = number | string;

/** Of a session, what the order that is asked for looks at. */
export type SortedBy = Partial<Pick<LiveSession, "source" | "startedAt" | "idleMs" | "bytesIn" | "bytesOut">>;

/** Returns what a session is sorted by. */
export function sortKeyOf(session: SortedBy, order: SessionOrder = "age"): SortKey {
  if (order === "source") return session.source ? peerText(session.source) : "";
  if (order === "bytes") return -((session.bytesIn ?? 0) + (session.bytesOut ?? 0));
  return order === "idle" ? -(session.idleMs ?? -1) : -(session.startedAt ?? 0);
}

const byText = new Intl.Collator("en", { numeric: true });

/** Compares the keys of one order. */
export function compareSortKeys(one: SortKey, other: SortKey): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  // Numbers within the text count as numbers: 10.0.0.9 comes before 10.0.0.10.
  return byText.compare(String(one), String(other));
}

/** Puts lists together; each holds the first of its own. @param limit most sessions to keep, from 1 */
export function mergeSessions(
  lists: readonly SessionList[],
  { limit, order }: Pick<SessionQuery, "limit" | "order">,
): SessionList {
  const all = lists.flatMap(({ sessions }) =>
    sessions.map((session) => ({ session, key: sortKeyOf(session, order) })),
  );
  all.sort((one, other) => compareSortKeys(one.key, other.key));
  return {
    total: lists.reduce((sum, { total }) => sum + total, 0),
    sessions: all.slice(0, limit).map(({ session }) => session),
  };
}

/** `HOST:PORT`, or `[IPV6]:PORT`. */
export function peerText({ host, port }: SessionPeer): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The id of a session: `10.0.0.7:51234-9200`, the consumer and the endpoint's port. */
export function sessionId({ source, clientPort }: SessionKey): string {
  return `${peerText(source)}-${clientPort}`;
}

const idForm =
  /^(?:\[(?<six>[0-9a-f:.]{2,45})\]|(?<four>[0-9.]{7,15})):(?<port>\d{1,5})-(?<clientPort>\d{1,5})$/;

/** Reads what `sessionId` wrote; undefined for what is no id of a session. */
export function parseSessionId(text: string): SessionKey | undefined {
  const { six, four, port, clientPort } = idForm.exec(text)?.groups ?? {};
  const host = six === undefined ? parseIpv4(four ?? "") : parseIpv6(six);
  const key = { source: { host: host ?? "", port: Number(port) }, clientPort: Number(clientPort) };
  return host !== undefined && isPort(key.source.port) && isPort(key.clientPort) ? key : undefined;
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
