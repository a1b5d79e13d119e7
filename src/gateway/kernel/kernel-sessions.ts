import { writeFileSync } from "node:fs";
import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import type { EngineLog } from "../engine.ts";
import type { FlowRecordSink } from "../flow-record.ts";
import type { SessionList, SessionQuery } from "../../domain/live-session.ts";
import { FlowEnds } from "./conntrack/flow-ends.ts";
import { EndpointNames } from "./endpoint-names.ts";
import { FlowRecorder } from "./flow-recorder.ts";
import type { Libc } from "./libc.ts";
import { LiveSessions, type RelayedNodes } from "./live-sessions.ts";
import { netlinkProtocol, NetlinkSocket } from "./netlink/netlink-socket.ts";

/** Makes the kernel tell of the end of every flow, also of those that begin while no gateway process listens. */
const eventsSetting = "/proc/sys/net/netfilter/nf_conntrack_events";

export interface KernelSessionsSettings {
  /** Takes the ended sessions; without it the kernel is not asked for them, as that costs a message each. */
  readonly records?: FlowRecordSink | undefined;
  /** See {@link LiveSessions}. */
  readonly relay?: RelayedNodes;
}

/** What the kernel engine knows of single sessions: those that live, and records of those that have ended. */
export class KernelSessions {
  readonly #names = new EndpointNames(() => performance.now());
  readonly #live: LiveSessions;
  readonly #recorder: FlowRecorder | undefined;

  private constructor(libc: Libc, log: EngineLog, { records, relay }: KernelSessionsSettings) {
    const socket = NetlinkSocket.open(libc, netlinkProtocol.netfilter);
    this.#live = new LiveSessions(socket, this.#names, relay);
    if (!records) return;
    tellAllEnds(log);
    this.#recorder = new FlowRecorder(FlowEnds.open(libc), records, this.#names, log);
  }

  /**
   * Opens its sockets at once, in the thread's network namespace.
   * @throws SystemCallError EPERM without CAP_NET_ADMIN
   */
  static open(libc: Libc, log: EngineLog, settings: KernelSessionsSettings = {}): KernelSessions {
    return new KernelSessions(libc, log, settings);
  }

  /** These are the endpoints from now on. To be called before flows of others are ended. */
  learn(desired: readonly DesiredEndpoint[]): void {
    this.#names.learn(desired);
  }

  /** @throws NetlinkError, SystemCallError; Error after `close` */
  list(query: SessionQuery): Promise<SessionList> {
    return this.#live.list(query);
  }

  /** The endpoint's number, which is the mark of its flows; undefined for one that is not there. */
  numberOf(endpointId: EndpointId): number | undefined {
    return this.#names.numberOf(endpointId);
  }

  /** See {@link LiveSessions.walk}. */
  walk(receive: (attributes: Buffer) => void): Promise<void> {
    return this.#live.walk(receive);
  }

  /** Takes what the kernel has told so far. Idempotent; sessions stay as they are. */
  close(): void {
    this.#recorder?.close();
    this.#live.close();
  }
}

function tellAllEnds(log: EngineLog): void {
  try {
    writeFileSync(eventsSetting, "1");
  } catch (error) {
    log.warn(
      { err: error },
      "Sessions that begin while no gateway runs will be missing in the flow log. To have them: sysctl -w net.netfilter.nf_conntrack_events=1",
    );
  }
}
