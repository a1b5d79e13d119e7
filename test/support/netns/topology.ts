import { Namespace, sweepNamespaces } from "./namespace.ts";

export type ConsumerPlan = {
  /** Short: the gateway's interface to it is named after it, `vpc-NAME`. */
  readonly name: string;
  /** The consumer's own address with the length of its network's prefix, such as `10.0.0.50/24`. */
  readonly address: string;
};

export type TopologyPlan = {
  /** The servers' network: nodes and gateway are in it, each with the length of its prefix. */
  readonly nodes: readonly string[];
  readonly gateway: string;
  readonly consumers: readonly ConsumerPlan[];
};

/** A consumer's namespace, with one interface, `eth0`. */
export type ConsumerSite = {
  readonly name: string;
  readonly namespace: Namespace;
  /** Without the length of the prefix. */
  readonly address: string;
  /** The gateway's interface to it. */
  readonly device: string;
};

/** `consumer eth0 — vpc-NAME gateway servers — eth0 provider`, one namespace each. */
export type Topology = {
  readonly provider: Namespace;
  readonly gateway: Namespace;
  readonly consumers: readonly ConsumerSite[];
  /** Removes everything. Idempotent. */
  remove(): Promise<void>;
};

/** The gateway's interface to the servers. */
export const serversDevice = "servers";

/**
 * Builds the networks. Interfaces are up; the gateway has an address in the servers' network and none in a consumer's:
 * giving it what it needs there is the business of whom is tested. First it sweeps what dead runs have left.
 */
export async function buildTopology(plan: TopologyPlan): Promise<Topology> {
  await sweepNamespaces();
  const made: Namespace[] = [];
  const remove = async (): Promise<void> => {
    for (const namespace of made.splice(0)) await namespace.remove();
  };
  const create = async (role: string): Promise<Namespace> => {
    const namespace = await Namespace.create(role);
    made.push(namespace);
    return namespace;
  };
  try {
    const gateway = await create("gateway");
    const provider = await create("provider");
    await plugIn(provider, gateway, serversDevice);
    for (const node of plan.nodes) await provider.ip(`address add ${node} dev eth0`);
    await gateway.ip(`address add ${plan.gateway} dev ${serversDevice}`);
    // Thousands of sessions begin at the same moment.
    await provider.sysctl({ "net.core.somaxconn": 16_384, "net.ipv4.tcp_max_syn_backlog": 16_384 });
    const consumers: ConsumerSite[] = [];
    for (const { name, address } of plan.consumers) {
      const namespace = await create(name);
      const device = `vpc-${name}`;
      await plugIn(namespace, gateway, device);
      await namespace.ip(`address add ${address} dev eth0`);
      consumers.push({ name, namespace, address: withoutPrefix(address), device });
    }
    return { provider, gateway, consumers, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** `10.0.0.50` of `10.0.0.50/24`. */
export function withoutPrefix(address: string): string {
  return address.split("/")[0] ?? address;
}

/** Lays a cable from `eth0` of a namespace to an interface of the gateway. */
async function plugIn(namespace: Namespace, gateway: Namespace, device: string): Promise<void> {
  await namespace.ip(`link add eth0 type veth peer name ${device} netns ${gateway.name}`);
  await namespace.ip("link set eth0 up");
  await gateway.ip(`link set ${device} up`);
}
