import type { Libc } from "../libc.ts";
import { findAttribute, readWord } from "../netlink/attributes.ts";
import { netlinkProtocol, NetlinkSocket } from "../netlink/netlink-socket.ts";
import { readFlow, type Flow } from "./flow.ts";
import { readTcpState } from "./flow-facts.ts";

/** A flow that the kernel has forgotten, and what it tells of that. */
export interface EndedFlow extends Omit<Flow, "tcpState"> {
  /** Undefined where the kernel does not tell: before Linux 5.7. */
  readonly tcpState: number | undefined;
  /** A program asked for it; else the kernel did it by itself. */
  readonly isRequested: boolean;
  /** For how long, in whole seconds, the kernel would still have waited for a packet. 0: its time was over. */
  readonly secondsLeft: number;
}

// uapi/linux/netfilter/nfnetlink_compat.h and nfnetlink_conntrack.h
const destroyGroup = 3;
const timeoutAttribute = 7;
const markAttribute = 8;
const portIdAt = 12;
/** Behind the headers of netlink and of nfnetlink. */
const attributesAt = 20;
/** About 100,000 of them: as many come at once when the kernel sweeps, or when an endpoint with so many is refused. */
const bufferBytes = 64 * 1024 * 1024;

/**
 * What the kernel tells of the ends of flows that have a mark: one message a flow. It has to be asked for while the flow
 * begins: of flows from before there are none, unless net.netfilter.nf_conntrack_events is 1.
 */
export class FlowEnds {
  readonly #socket: NetlinkSocket;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /**
   * From now on they queue up in the kernel.
   * @param buffer kernel memory for those that wait to be taken, in bytes, from 4,096
   * @throws SystemCallError EPERM without CAP_NET_ADMIN
   */
  static open(libc: Libc, buffer = bufferBytes): FlowEnds {
    const socket = NetlinkSocket.open(libc, netlinkProtocol.netfilter, buffer);
    socket.attachFilter(markedOnly());
    socket.join(destroyGroup);
    return new FlowEnds(socket);
  }

  /**
   * Takes them, oldest first, without waiting.
   * @param limit most of them
   * @returns `empty` where there are no more now, `overrun` where the kernel had to drop some
   * @throws SystemCallError
   */
  take(limit: number, receive: (flow: EndedFlow) => void): "empty" | "more" | "overrun" {
    return this.#socket.takeTold(limit, (message) => {
      const flow = message.length < attributesAt ? undefined : readEnded(message);
      if (flow) receive(flow);
    });
  }

  close(): void {
    this.#socket.close();
  }
}

function readEnded(message: Buffer): EndedFlow | undefined {
  const attributes = message.subarray(attributesAt);
  const flow = readFlow(attributes);
  return (
    flow && {
      ...flow,
      tcpState: readTcpState(attributes),
      isRequested: message.readUInt32LE(portIdAt) !== 0,
      secondsLeft: readWord(attributes, findAttribute(attributes, timeoutAttribute, 0, attributes.length)),
    }
  );
}

/** A classic BPF program (linux/filter.h) for messages with a mark: others are dropped before they get here. */
function markedOnly(): Buffer {
  const findAttributeCall = 0xffff_f000 + 12;
  const program = [
    // The accumulator says where to begin, the index what to look for; 0 comes back where it is not there.
    [0x00, 0, 0, attributesAt],
    [0x01, 0, 0, markAttribute],
    [0x20, 0, 0, findAttributeCall],
    [0x15, 0, 1, 0],
    [0x06, 0, 0, 0],
    [0x06, 0, 0, 0xffff_ffff],
  ] as const;
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
