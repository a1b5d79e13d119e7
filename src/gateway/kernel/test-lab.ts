import { vpcMark } from "./nft/schema.ts";
import { rulesetText } from "./nft/ruleset.ts";
import { Tables, type Change } from "./nft/tables.ts";
import { TestNamespace, type TestPeer } from "./test-network.ts";

export const endpointAddress = "10.0.1.50";
export const endpointAddress6 = "fd00:1::50";
export const endpointPort = 9200;
export const consumerAddress = "10.0.1.2";
export const nodeAddress = "10.0.1.3";
const nodeAddress6 = "fd00:2::3";
const vpc = 1;
const mark = vpcMark | vpc;
const groups = { node: 1 };

/**
 * A consumer, a gateway with Postern's rules, and a node, in namespaces. The consumer's network and the node's have
 * the same IPv4 CIDR. Endpoint n has the port 9199 + n.
 */
export interface Lab {
  readonly gateway: TestNamespace;
  readonly tables: Tables;
  readonly consumer: TestPeer;
  readonly node: TestPeer;
  close(): Promise<void>;
}

/**
 * @param closeTimeoutS how long the kernel remembers flows that were closed or reset, in seconds; else as in the rules
 * @param endpoints how many
 */
export async function startLab({
  closeTimeoutS,
  endpoints = 1,
}: { closeTimeoutS?: number; endpoints?: number } = {}): Promise<Lab> {
  const spaces = await Promise.all([1, 2, 3].map(() => TestNamespace.create()));
  const [gateway, consumer, node] = spaces;
  if (!gateway || !consumer || !node) throw new Error("There are three namespaces.");
  gateway.connect("vpc", consumer, "eth0");
  gateway.connect("servers", node, "eth0");
  addresses(gateway, consumer, node);
  const shorter = `time_wait : ${closeTimeoutS}, close : ${closeTimeoutS} }`;
  const ruleset = rulesetText();
  const rules =
    closeTimeoutS === undefined ? ruleset : ruleset.replaceAll(/time_wait : \d+, close : \d+ \}/g, shorter);
  gateway.run("nft -f -", rules);
  const socket = gateway.netfilter();
  const tables = new Tables(socket);
  tables.apply(labElements(endpoints));
  const peers = { consumer: await consumer.peer(), node: await node.peer() };
  await peers.node.listen(nodeAddress, endpointPort);
  await peers.node.listen(nodeAddress6, endpointPort);
  return {
    gateway,
    tables,
    ...peers,
    close: async () => {
      socket.close();
      await Promise.all(spaces.map((space) => space.close()));
    },
  };
}

/** What the lab's tables hold, for so many endpoints. */
export function labElements(endpoints: number): readonly Change[] {
  return [...network(), ...Array.from({ length: endpoints }, (_, index) => endpoint(index + 1)).flat()];
}

function addresses(gateway: TestNamespace, consumer: TestNamespace, node: TestNamespace): void {
  gateway.sysctl({
    "net.ipv4.ip_forward": 1,
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
    "net.ipv4.conf.vpc.rp_filter": 0,
    "net.ipv4.conf.servers.rp_filter": 0,
    "net.ipv4.conf.vpc.accept_local": 1,
    "net.ipv4.fwmark_reflect": 1,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv6.conf.vpc.proxy_ndp": 1,
    "net.ipv6.neigh.vpc.proxy_delay": 0,
    "net.ipv6.fwmark_reflect": 1,
    "net.netfilter.nf_conntrack_acct": 1,
    "net.netfilter.nf_conntrack_timestamp": 1,
  });
  const commands = [
    "ip addr add 10.0.1.1/24 dev servers",
    "ip -6 addr add fd00:2::1/64 dev servers nodad",
    // Before a packet is routed, the kernel sends a reset only where its main table leads to the packet's source.
    "ip -6 route add default dev servers",
    `ip route add local ${endpointAddress} dev lo`,
    `ip -6 route add local ${endpointAddress6} dev lo`,
    `ip -6 neigh add proxy ${endpointAddress6} dev vpc`,
    `ip route add 10.0.1.0/24 dev vpc table 100`,
    `ip -6 route add fd00:1::/64 dev vpc table 100`,
    `ip rule add pref 100 fwmark ${mark}/0xfffeffff lookup 100`,
    `ip -6 rule add pref 100 fwmark ${mark}/0xfffeffff lookup 100`,
  ];
  for (const command of commands) gateway.run(command);
  consumer.run(`ip addr add ${consumerAddress}/24 dev eth0`);
  consumer.run("ip -6 addr add fd00:1::2/64 dev eth0 nodad");
  node.run(`ip addr add ${nodeAddress}/24 dev eth0`);
  node.run(`ip -6 addr add ${nodeAddress6}/64 dev eth0 nodad`);
}

function add(set: Change["set"], element: Change["element"]): Change {
  return { verb: "add", set, element };
}

function network(): readonly Change[] {
  return [
    add("vpc_of_interface", { key: ["vpc"], data: [mark] }),
    add("zone_of_interface", { key: ["vpc"], data: [vpc] }),
    add("arp_vpc_of_interface", { key: ["vpc"], data: [mark] }),
    add("arp_announced", { key: ["vpc", endpointAddress] }),
    add("arp_sender_of_interface", { key: ["vpc"], data: [endpointAddress] }),
    add("prefixes4", { key: [mark, "10.0.1.0"], last: "10.0.1.255" }),
    add("prefixes6", { key: [mark, "fd00:1::"], last: "fd00:1::ffff:ffff:ffff:ffff" }),
    ...Array.from({ length: 60 }, (_, bucket) => [
      add("node4", { key: [groups.node, bucket], data: [nodeAddress, endpointPort] }),
      add("node6", { key: [groups.node, bucket], data: [nodeAddress6, endpointPort] }),
    ]).flat(),
  ];
}

function endpoint(number: number): readonly Change[] {
  const port = endpointPort - 1 + number;
  return [
    add("vpc_of_endpoint", { key: [number], data: [mark] }),
    add("zone_of_address4", { key: ["vpc", endpointAddress, port], data: [vpc] }),
    add("zone_of_address6", { key: ["vpc", endpointAddress6, port], data: [vpc] }),
    add("endpoint4", { key: [mark, endpointAddress, port], data: [number] }),
    add("endpoint6", { key: [mark, endpointAddress6, port], data: [number] }),
    add("group_of_port", { key: [number, port], data: [groups.node] }),
    ...(["opened", "bytes_in", "bytes_out"] as const).map((set) => add(set, { key: [number] })),
  ];
}
