import { setTimeout as delay } from "node:timers/promises";
import type { DesiredNetwork } from "../../domain/desired.ts";
import type { EngineLog } from "../engine.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { Poker } from "./conntrack/poke.ts";
import { KernelEngine } from "./engine.ts";
import { KernelSessions } from "./kernel-sessions.ts";
import { Libc } from "./libc.ts";
import { netlinkProtocol, NetlinkSocket } from "./netlink/netlink-socket.ts";
import { itemText } from "./network/item.ts";
import { LinuxHostNetwork } from "./network/linux-host-network.ts";
import { RouteSocket } from "./network/route-socket.ts";
import { localPreference } from "./network/routing.ts";
import { relayAddress, tableName } from "./nft/schema.ts";
import { RelayAddress } from "./relay/relay-address.ts";
import { TcpRelay } from "./relay/tcp-relay.ts";
import { Tables } from "./nft/tables.ts";
import { removeRuleset } from "./ruleset-loader.ts";

/** Ends of sessions are told again after a second: segments get lost. Then their way goes too. */
const tellAgainMs = 1_500;

/** What was taken out of the kernel, in the words of `nft` and `ip`. */
export interface Removal {
  readonly tables: readonly string[];
  /** Routes, rules and proxies. */
  readonly routing: readonly string[];
  readonly cables: readonly string[];
  /** Interfaces of networks, which were taken down: a host that forwards would be an open door from there. */
  readonly interfaces: readonly string[];
  /** How many sessions were ended. */
  readonly sessions: number;
}

/**
 * Takes everything of Postern's out of the kernel of this network namespace, and nothing else. Settings (sysctls) stay
 * as they are: others may rely on them by now.
 * @param networks those that were carried last: their ends of sessions can still be told
 * @throws NetlinkError, SystemCallError EPERM without CAP_NET_ADMIN and CAP_NET_RAW; Error where nft is missing
 */
export async function removeFromKernel(
  networks: readonly DesiredNetwork[],
  log: EngineLog,
): Promise<Removal> {
  const libc = await Libc.load();
  const routes = RouteSocket.open(libc);
  const socket = NetlinkSocket.open(libc, netlinkProtocol.netfilter);
  try {
    const tables = new Tables(socket);
    const before = look(routes, tables);
    if (before.tables.length + before.routing.length + before.devices.size === 0)
      return { tables: [], routing: [], cables: [], interfaces: [], sessions: 0 };
    const sessions = KernelSessions.open(libc, log);
    const parts = { tables, conntrack: new Conntrack(socket), poker: Poker.open(libc), sessions, log };
    const engine = await KernelEngine.start({
      ...parts,
      hostNetwork: await LinuxHostNetwork.open(libc, log),
      relay: new TcpRelay(relayAddress, RelayAddress.open(libc), log),
    });
    const present = networks.filter(({ attachment, number }) =>
      before.links.has(attachment.kind === "interface" ? attachment.device : `pn${number}`),
    );
    const { severedSessions } = await engine.apply([], present);
    if (severedSessions > 0) await delay(tellAgainMs);
    await engine.apply([], []);
    await removeRuleset();
    await engine.close();
    const after = look(routes, tables);
    const changed = [...before.devices].filter((name) => after.links.get(name) !== before.links.get(name));
    return {
      tables: before.tables.filter((table) => !after.tables.includes(table)),
      routing: before.routing.filter((text) => !after.routing.includes(text)),
      cables: changed.filter((name) => !after.links.has(name)),
      interfaces: changed.filter((name) => after.links.has(name)),
      sessions: severedSessions,
    };
  } finally {
    routes.close();
    socket.close();
  }
}

interface Present {
  readonly tables: readonly string[];
  readonly routing: readonly string[];
  /** Interfaces of networks and cables. */
  readonly devices: ReadonlySet<string>;
  /** All of the host by name, whether they are up. */
  readonly links: ReadonlyMap<string, boolean>;
}

function look(routes: RouteSocket, tables: Tables): Present {
  const own = routes.items().filter(
    // The kernel's own rule, which only has another place while networks are attached.
    (item) => !(item.kind === "rule" && item.mark === undefined && item.preference < localPreference),
  );
  const links = new Map(routes.links().map(({ name, isUp }) => [name, isUp]));
  const ofRoutes = own.flatMap((item) => (item.kind === "rule" ? [] : [item.device]));
  const cables = [...links.keys()].filter((name) => /^pn\d{1,5}$/.test(name));
  return {
    tables: tables.hasSet("vpc_of_interface") ? [`inet ${tableName}`, `arp ${tableName}`] : [],
    routing: own.map(itemText),
    devices: new Set([...ofRoutes.filter((name) => name !== "lo"), ...cables]),
    links,
  };
}
