import type { Engine, EngineLog } from "../engine.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { Poker } from "./conntrack/poke.ts";
import { CrowdWatch } from "./crowd-watch.ts";
import { KernelEngine } from "./engine.ts";
import type { FlowRecordSink } from "../flow-record.ts";
import type { HostNetwork } from "./host-network.ts";
import { KernelSessions } from "./kernel-sessions.ts";
import { Libc } from "./libc.ts";
import { netlinkProtocol, NetlinkSocket } from "./netlink/netlink-socket.ts";
import { relayAddress } from "./nft/schema.ts";
import { RelayAddress } from "./relay/relay-address.ts";
import { TcpRelay } from "./relay/tcp-relay.ts";
import { Tables } from "./nft/tables.ts";

export interface KernelSettings {
  /** Most flows of one network, from 1; half of the kernel's table where it is left out. */
  readonly flowsPerNetwork?: number;
}

/**
 * Starts the kernel engine in the network namespace of this process.
 * @param records takes ended sessions; none are made without it
 * @throws SystemCallError EPERM without CAP_NET_ADMIN and CAP_NET_RAW; Error where nft or the C library is missing
 */
export async function startKernelEngine(
  log: EngineLog,
  openHostNetwork: (libc: Libc) => Promise<HostNetwork>,
  records?: FlowRecordSink,
  { flowsPerNetwork }: KernelSettings = {},
): Promise<Engine> {
  const libc = await Libc.load();
  const open = (): NetlinkSocket => NetlinkSocket.open(libc, netlinkProtocol.netfilter);
  const socket = open();
  const tables = new Tables(socket);
  const relay = new TcpRelay(relayAddress, RelayAddress.open(libc), log);
  const engine = await KernelEngine.start({
    tables,
    conntrack: new Conntrack(socket),
    poker: Poker.open(libc),
    hostNetwork: await openHostNetwork(libc),
    relay,
    sessions: KernelSessions.open(libc, log, { records, relay }),
    log,
  });
  const conntrack = new Conntrack(open());
  const watch = CrowdWatch.start({
    tables,
    conntrack,
    log,
    ...(flowsPerNetwork === undefined ? {} : { flowsPerNetwork }),
  });
  return {
    kinds: engine.kinds,
    apply: (desired, networks) => engine.apply(desired, networks),
    figures: () => engine.figures(),
    takeRefusals: (most) => engine.takeRefusals(most),
    figuresByNode: () => engine.figuresByNode(),
    sessions: (query) => engine.sessions(query),
    end: (endpointId, session) => engine.end(endpointId, session),
    close: async () => {
      watch.close();
      await engine.close();
    },
  };
}
