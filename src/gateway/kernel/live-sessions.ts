import type { LiveSession, SessionList, SessionQuery, SessionState } from "../live-session.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { firstClosedState, type Flow } from "./conntrack/flow.ts";
import { readFacts } from "./conntrack/flow-facts.ts";
import { NewestFlows } from "./conntrack/newest-flows.ts";
import type { EndpointNames } from "./endpoint-names.ts";
import type { NetlinkSocket } from "./netlink/netlink-socket.ts";

const established = 3;

/** Lists the sessions that the kernel carries. */
export class LiveSessions {
  readonly #socket: NetlinkSocket;
  readonly #conntrack: Conntrack;
  readonly #names: EndpointNames;
  #isClosed = false;

  /** @param socket for nothing else: a list of a million takes turns with other work. `close` closes it. */
  constructor(socket: NetlinkSocket, names: EndpointNames) {
    this.#socket = socket;
    this.#names = names;
    this.#conntrack = new Conntrack(socket);
  }

  /**
   * The kernel looks at every flow of the host for it. Calls wait for each other.
   * @throws NetlinkError, SystemCallError; Error after `close`
   */
  async list({ endpointId, limit }: SessionQuery): Promise<SessionList> {
    if (this.#isClosed) throw new Error("The gateway is ending; its sessions cannot be listed any more.");
    const names = this.#names;
    const number = endpointId === undefined ? undefined : names.numberOf(endpointId);
    if (endpointId !== undefined && number === undefined) return { total: 0, sessions: [] };
    const newest = new NewestFlows(limit);
    await this.#conntrack.walk(number, (attributes) => {
      const facts = readFacts(attributes);
      const isLive = facts?.tcpState !== undefined && facts.tcpState < firstClosedState;
      if (isLive && names.nameOf(facts.mark)) newest.offer(facts.startedNs, attributes);
    });
    const { total, flows } = newest.take();
    return { total, sessions: flows.flatMap((flow) => liveSession(flow, names)) };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A list that is under way would go on reading from a descriptor that is somebody else's by then.
    void this.#conntrack.idle().then(() => this.#socket.close());
  }
}

function liveSession(flow: Flow, names: EndpointNames): readonly LiveSession[] {
  const endpointId = names.nameOf(flow.mark)?.endpointId;
  if (endpointId === undefined) return [];
  return [
    {
      endpointId,
      source: { host: flow.original.source, port: flow.original.sourcePort },
      node: { host: flow.reply.source, port: flow.reply.sourcePort },
      ...(flow.startedAt === undefined ? {} : { startedAt: flow.startedAt }),
      bytesIn: flow.sent.bytes,
      bytesOut: flow.received.bytes,
      state: stateOf(flow.tcpState),
    },
  ];
}

function stateOf(tcpState: number): SessionState {
  if (tcpState < established) return "opening";
  return tcpState === established ? "established" : "closing";
}
