import {
  sortKeyOf,
  type LiveSession,
  type SessionPeer,
  type SessionList,
  type SessionOrder,
  type SessionQuery,
  type SessionState,
  type SortKey,
} from "../../domain/live-session.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { firstClosedState, readOriginal, type Flow } from "./conntrack/flow.ts";
import { readFacts, type FlowFacts } from "./conntrack/flow-facts.ts";
import { FirstFlows } from "./conntrack/first-flows.ts";
import type { EndpointNames } from "./endpoint-names.ts";
import { idleMsOf } from "./nft/session-timeouts.ts";
import type { NetlinkSocket } from "./netlink/netlink-socket.ts";
import { relayPortOf, type Relay } from "./relay/relay.ts";

const established = 3;

export type RelayedNodes = Pick<Relay, "nodeOf">;

/** Lists the sessions that the kernel carries. */
export class LiveSessions {
  readonly #socket: NetlinkSocket;
  readonly #conntrack: Conntrack;
  readonly #names: EndpointNames;
  readonly #relay: RelayedNodes | undefined;
  #isClosed = false;

  /**
   * @param socket for nothing else: a list of a million takes turns with other work. `close` closes it
   * @param relay knows the nodes of what it carries; for who cannot ask it, they are the relay itself
   */
  constructor(socket: NetlinkSocket, names: EndpointNames, relay?: RelayedNodes) {
    this.#socket = socket;
    this.#names = names;
    this.#relay = relay;
    this.#conntrack = new Conntrack(socket);
  }

  /**
   * The kernel looks at every flow of the host for it. Calls wait for each other.
   * @throws NetlinkError, SystemCallError; Error after `close`
   */
  async list({ endpoints, order = "age", limit }: SessionQuery): Promise<SessionList> {
    if (this.#isClosed) throw new Error("The gateway is ending; its sessions cannot be listed any more.");
    const names = this.#names;
    const numbers = endpoints && names.numbersOf(endpoints);
    if (numbers?.size === 0) return { total: 0, sessions: [] };
    const [only] = numbers?.size === 1 ? numbers : [];
    const first = new FirstFlows(limit);
    await this.#conntrack.walk(only, (attributes) => {
      const facts = readFacts(attributes);
      const isLive = facts?.tcpState !== undefined && facts.tcpState < firstClosedState;
      if (!isLive || !(numbers ? numbers.has(facts.mark) : names.nameOf(facts.mark))) return;
      first.offer(keyOf(facts, attributes, order), attributes);
    });
    const { total, flows } = first.take();
    return { total, sessions: flows.flatMap((flow) => this.#liveSession(flow)) };
  }

  /** As {@link Conntrack.walk}, of all flows. @throws as `list` does */
  async walk(receive: (attributes: Buffer) => void): Promise<void> {
    if (this.#isClosed) throw new Error("The gateway is ending; its sessions cannot be listed any more.");
    await this.#conntrack.walk(undefined, receive);
  }

  #liveSession(flow: Flow): readonly LiveSession[] {
    const endpointId = this.#names.nameOf(flow.mark)?.endpointId;
    if (endpointId === undefined) return [];
    const idleMs = idleMsOf(flow.tcpState, flow.secondsLeft);
    const node = this.#nodeOf(flow);
    return [
      {
        endpointId,
        source: { host: flow.original.source, port: flow.original.sourcePort },
        clientPort: flow.original.destinationPort,
        ...(node && { node }),
        ...(flow.startedAt === undefined ? {} : { startedAt: flow.startedAt }),
        ...(idleMs === undefined ? {} : { idleMs }),
        bytesIn: flow.sent.bytes,
        bytesOut: flow.received.bytes,
        state: stateOf(flow.tcpState),
      },
    ];
  }

  #nodeOf({ reply }: Flow): SessionPeer | undefined {
    const relayed = relayPortOf(reply);
    if (!this.#relay || relayed === undefined) return { host: reply.source, port: reply.sourcePort };
    const node = this.#relay.nodeOf(relayed);
    return node && { host: node.host, port: node.port };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A list that is under way would go on reading from a descriptor that is somebody else's by then.
    void this.#conntrack.idle().then(() => this.#socket.close());
  }
}

/** What `sortKeyOf` says of the session, from as little as that takes. */
function keyOf(facts: FlowFacts, attributes: Buffer, order: SessionOrder): SortKey {
  if (order === "age") return -facts.startedNs;
  if (order === "bytes") return -facts.bytes;
  if (order === "idle") return -(idleMsOf(facts.tcpState ?? 0, facts.secondsLeft) ?? -1);
  const original = readOriginal(attributes);
  return sortKeyOf(original ? { source: { host: original.source, port: original.sourcePort } } : {}, order);
}

function stateOf(tcpState: number): SessionState {
  if (tcpState < established) return "opening";
  return tcpState === established ? "established" : "closing";
}
