import { createLogger } from "../../../lib/log.ts";
import type { NetworkWish } from "../host-network.ts";
import { Libc } from "../libc.ts";
import { netlinkProtocol, NetlinkSocket } from "../netlink/netlink-socket.ts";
import { Tables, type Change } from "../nft/tables.ts";
import { LinuxHostNetwork } from "./linux-host-network.ts";

// Applies wishes once in the network namespace that it is started in, and prints the states: a process of its own for
// tests, as a namespace is one of the whole process.
const [wishes, changes] = JSON.parse(process.argv[2] ?? "[[],[]]") as [NetworkWish[], Change[]];
const libc = await Libc.load();
if (changes.length > 0) {
  const socket = NetlinkSocket.open(libc, netlinkProtocol.netfilter);
  new Tables(socket).apply(changes);
  socket.close();
}
const host = await LinuxHostNetwork.open(libc, createLogger("test", "warn"));
const states = await host.apply(wishes);
host.close();
console.log(JSON.stringify(states.map((state) => ({ ...state, taken: Object.fromEntries(state.taken) }))));
