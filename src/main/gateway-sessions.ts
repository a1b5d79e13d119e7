import { renderTable } from "../cli/table.ts";
import { Compiler, type Desired } from "../domain/compile.ts";
import { fullWeight } from "../domain/desired.ts";
import type { EndpointId } from "../domain/ids.ts";
import { timeText } from "../gateway/flow-record.ts";
import { EndpointNames } from "../gateway/kernel/endpoint-names.ts";
import { Libc, SystemCallError } from "../gateway/kernel/libc.ts";
import { LiveSessions } from "../gateway/kernel/live-sessions.ts";
import { netlinkProtocol, NetlinkSocket } from "../gateway/kernel/netlink/netlink-socket.ts";
import { peerText, sessionId, type LiveSession, type SessionList } from "../domain/live-session.ts";
import { SnapshotFile } from "../gateway/snapshot-file.ts";
import { durationText } from "../lib/duration-text.ts";
import { StartError } from "../lib/start-error.ts";

export interface SessionsOptions {
  /** The gateway's last good snapshot. */
  readonly snapshotPath: string;
  /** Only this endpoint's. */
  readonly endpoint?: string;
  /** Most sessions to list, from 1. */
  readonly limit: number;
  readonly isJson: boolean;
  readonly print: (text: string) => void;
}

/**
 * Prints the sessions that this host's kernel carries. Neither server nor gateway has to run for it.
 * @throws StartError where there is no snapshot or no such endpoint, and where the kernel does not tell
 */
export async function printGatewaySessions(options: SessionsOptions): Promise<void> {
  const { endpoints } = await readDesired(options.snapshotPath);
  const wanted = endpoints.filter(({ id }) => options.endpoint === undefined || id === options.endpoint);
  if (options.endpoint !== undefined && wanted.length === 0) {
    throw new StartError(
      `The gateway has no endpoint ${options.endpoint}. Ids of endpoints are in: postern connections`,
    );
  }
  const names = new EndpointNames(() => performance.now());
  names.learn(endpoints);
  const list = await readSessions(names, options);
  const now = Date.now();
  if (options.isJson) {
    const sessions = list.sessions.map((session) => forPrograms(session, now));
    options.print(`${JSON.stringify({ total: list.total, sessions }, null, 2)}\n`);
    return;
  }
  const isElsewhere = wanted.some(({ kernel }) => kernel === undefined);
  options.print(forPeople(list, now, isElsewhere));
}

async function readDesired(path: string): Promise<Desired> {
  let reason = "there is none";
  try {
    const snapshot = await new SnapshotFile(path).read();
    if (snapshot) return new Compiler().compile(snapshot, () => fullWeight, Date.now());
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  throw new StartError(
    `The gateway's last snapshot ${path} cannot be read: ${reason}. Name the gateway's data directory with --data, and read it as root or as the gateway's user.`,
  );
}

async function readSessions(
  names: EndpointNames,
  { endpoint, limit }: SessionsOptions,
): Promise<SessionList> {
  const sessions = new LiveSessions(await openSocket(), names);
  try {
    const query = endpoint === undefined ? {} : { endpoints: [endpoint as EndpointId] };
    return await sessions.list({ ...query, limit });
  } finally {
    sessions.close();
  }
}

async function openSocket(): Promise<NetlinkSocket> {
  try {
    return NetlinkSocket.open(await Libc.load(), netlinkProtocol.netfilter);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isForbidden = error instanceof SystemCallError && error.code === "EPERM";
    throw new StartError(
      isForbidden
        ? "The kernel tells its sessions to root only (CAP_NET_ADMIN). Run it with sudo."
        : `The kernel does not tell its sessions: ${reason}. See what this host lacks: postern gateway --check`,
    );
  }
}

function forPrograms(session: LiveSession, now: number): object {
  return {
    endpoint: session.endpointId,
    id: sessionId(session),
    source: peerText(session.source),
    node: session.node ? peerText(session.node) : null,
    state: session.state,
    started_at: timeText(session.startedAt),
    age_seconds: session.startedAt === undefined ? null : ageSeconds(session.startedAt, now),
    idle_seconds: session.idleMs === undefined ? null : Math.floor(session.idleMs / 1_000),
    bytes_in: session.bytesIn,
    bytes_out: session.bytesOut,
  };
}

function forPeople({ total, sessions }: SessionList, now: number, isElsewhere: boolean): string {
  const rows = sessions.map(({ endpointId, source, node, startedAt, bytesIn, bytesOut, state }) => [
    endpointId,
    peerText(source),
    node && peerText(node),
    startedAt === undefined ? null : durationText(ageSeconds(startedAt, now)),
    bytesIn,
    bytesOut,
    state,
  ]);
  const titles = ["ENDPOINT", "SOURCE", "NODE", "AGE", "BYTES IN", "BYTES OUT", "STATE"];
  const notes = [
    ...(total > sessions.length
      ? [`These are the newest ${sessions.length} of ${total} sessions; --limit shows more.`]
      : []),
    ...(isElsewhere
      ? ["Sessions of loopback networks are carried by the gateway's process, and not listed here."]
      : []),
  ];
  return `${[total === 0 ? "The kernel carries no session." : renderTable(titles, rows), ...notes].join("\n")}\n`;
}

function ageSeconds(startedAt: number, now: number): number {
  return Math.max(0, Math.floor((now - startedAt) / 1_000));
}
