import type { EngineLog } from "../engine.ts";
import type { FlowRecordSink } from "../flow-record.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { Poker } from "./conntrack/poke.ts";
import { KernelEngine } from "./engine.ts";
import type { HostNetwork } from "./host-network.ts";
import { KernelSessions } from "./kernel-sessions.ts";
import { Libc } from "./libc.ts";
import { netlinkProtocol, NetlinkSocket } from "./netlink/netlink-socket.ts";
import { Tables } from "./nft/tables.ts";

/**
 * Starts the kernel engine in the network namespace of this process.
 * @param records takes ended sessions; none are made without it
 * @throws SystemCallError EPERM without CAP_NET_ADMIN and CAP_NET_RAW; Error where nft or the C library is missing
 */
export async function startKernelEngine(
  log: EngineLog,
  openHostNetwork: (libc: Libc) => Promise<HostNetwork>,
  records?: FlowRecordSink,
): Promise<KernelEngine> {
  const libc = await Libc.load();
  const socket = NetlinkSocket.open(libc, netlinkProtocol.netfilter);
  return KernelEngine.start({
    tables: new Tables(socket),
    conntrack: new Conntrack(socket),
    poker: Poker.open(libc),
    hostNetwork: await openHostNetwork(libc),
    sessions: KernelSessions.open(libc, log, records),
    log,
  });
}
