import { execFileSync } from "node:child_process";
import { createLogger } from "../../../lib/log.ts";
import type { NetworkWish } from "../host-network.ts";
import { Libc } from "../libc.ts";
import { netlinkProtocol, NetlinkSocket } from "../netlink/netlink-socket.ts";
import { Tables, type Change } from "../nft/tables.ts";
import { LinuxHostNetwork } from "./linux-host-network.ts";

type Wish = Omit<NetworkWish, "addresses"> & { readonly addresses: readonly string[] };

/** What follows the first wishes: a shell's command, if there is one, and then further wishes. */
interface Step {
  readonly command?: string;
  readonly wishes: readonly Wish[];
}

// Applies wishes in the network namespace that it is started in, until there are no news of them, and prints the states
// that it comes to: a process of its own for tests, as a namespace is one of the whole process.
const [listed, changes, steps = []] = JSON.parse(process.argv[2] ?? "[[],[]]") as [Wish[], Change[], Step[]?];
const libc = await Libc.load();
if (changes.length > 0) {
  const socket = NetlinkSocket.open(libc, netlinkProtocol.netfilter);
  new Tables(socket).apply(changes);
  socket.close();
}
const host = await LinuxHostNetwork.open(libc, createLogger("test", "warn"));
// Networks are told apart by identity, as in the engine.
const networks = new Map(listed.map(({ network }) => [network.id, network]));
for (const { command, wishes } of [{ wishes: listed }, ...steps] as Step[]) {
  if (command !== undefined) execFileSync("sh", ["-c", command]);
  const states = await applyAll(
    wishes.map(({ addresses, ...wish }) => ({
      ...wish,
      network: networks.get(wish.network.id) ?? wish.network,
      addresses: new Set(addresses),
    })),
  );
  if (steps.length === 0) console.log(JSON.stringify(states));
}
host.close();

async function applyAll(wishes: readonly NetworkWish[]): Promise<readonly unknown[]> {
  let report = await host.apply(wishes);
  while (report.news) {
    await report.news;
    report = await host.apply(wishes.map((wish) => ({ ...wish, changed: [] })));
  }
  return report.states.map(({ answered, refused, changed: _changed, ...state }) => ({
    ...state,
    answered: [...answered.keys()],
    refused: Object.fromEntries(refused),
  }));
}
