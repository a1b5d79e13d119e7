import type { EndReason, FlowRecord } from "../flow-record.ts";
import type { EndedFlow } from "./conntrack/flow-ends.ts";
import type { EndpointName } from "./endpoint-names.ts";

/** For how long, in seconds, the rules have the kernel remember what both ends are done with: LAST_ACK and behind. */
const afterlifeSeconds = new Map([
  [6, 20],
  [7, 60],
  [8, 5],
]);
/** SYN_SENT, SYN_RECV, SYN_SENT2. */
const opening = new Set([1, 2, 9]);
const firstDone = 6;
const firstClosed = 7;
const closeState = 8;

/** @param readAt for kernels that do not note the time, in milliseconds since the epoch */
export function flowRecord(flow: EndedFlow, name: EndpointName, readAt: number): FlowRecord {
  return {
    ...(flow.startedAt === undefined ? {} : { startedAt: flow.startedAt }),
    // Of what is left the kernel tells whole seconds: that is no reason to end before the start.
    endedAt: Math.max((flow.endedAt ?? readAt) - afterlifeMs(flow), flow.startedAt ?? 0),
    endpointId: name.endpointId,
    network: name.network,
    source: { host: flow.original.source, port: flow.original.sourcePort },
    node: { host: flow.reply.source, port: flow.reply.sourcePort },
    bytesIn: flow.sent.bytes,
    bytesOut: flow.received.bytes,
    reason: reasonOf(flow),
  };
}

/** The kernel forgets a closed flow long after its last packet: the session ended with that. */
function afterlifeMs({ tcpState, secondsLeft }: EndedFlow): number {
  const seconds = afterlifeSeconds.get(tcpState ?? 0) ?? 0;
  return Math.max(0, seconds - secondsLeft) * 1_000;
}

/** The states are conntrack's: from TIME_WAIT on, neither end may send. */
function reasonOf({ tcpState, isRequested, secondsLeft }: EndedFlow): EndReason {
  if (tcpState === undefined) return "unknown";
  if (tcpState === closeState) return "reset";
  if (isRequested && tcpState < firstClosed) return "severed";
  if (opening.has(tcpState)) return secondsLeft > 0 ? "dropped" : "unanswered";
  if (tcpState >= firstDone) return "closed";
  return secondsLeft > 0 ? "dropped" : "idle_timeout";
}
