import type { BystanderProcedures } from "./bystander-program.ts";
import type { ConsumerProcedures } from "./consumer-program.ts";
import { eventually } from "../eventually.ts";
import { endpointPort, LoneGateway } from "./lone-gateway.ts";
import type { GatewayPlan } from "./lone-gateway.ts";
import { Namespace } from "./namespace.ts";
import type { NodeProcedures } from "./node-program.ts";
import { Remote } from "./remote.ts";
import { buildTopology, serversDevice } from "./topology.ts";
import type { Topology } from "./topology.ts";
import type { WireProcedures } from "./wire-program.ts";

export type Site = {
  readonly namespace: Namespace;
  readonly client: Remote<ConsumerProcedures>;
  readonly wire: Remote<WireProcedures>;
  /** Link-layer address of the gateway's interface to it. */
  readonly gatewayHardware: string;
};

/** A gateway without a server between networks of both families; all of them have the same addresses. */
export type DualLab = {
  readonly topology: Topology;
  readonly gateway: LoneGateway;
  /** `a` and `b` are attached by an interface, `n` is a namespace that the gateway lays its own cable into. */
  readonly sites: Readonly<Record<"a" | "b" | "n", Site>>;
  readonly nodes: Remote<NodeProcedures>;
  readonly providerWire: Remote<WireProcedures>;
  /** Link-layer address of the gateway's interface to the servers. */
  readonly serversHardware: string;
  /** Listens on port 22 of every address of the gateway's host, with TCP and UDP. */
  readonly bystander: Remote<BystanderProcedures>;
  stop(): Promise<void>;
};

const cidrs = ["10.0.0.0/24", "fd00::/64"];
export const addresses = {
  gateway: ["10.0.0.2", "fd00::2"],
  /** Of the service `logs`. */
  logs: ["10.0.0.11", "fd00::11"],
  /** Of the service `metrics`. */
  metrics: ["10.0.0.12", "fd00::12"],
  consumer: ["10.0.0.50", "fd00::50"],
  /** Where `logs` is to be found in `a`, and `metrics` in `b`. */
  endpoint: ["10.0.0.40", "fd00::40"],
} as const;
/** Further addresses of the gateway's host, of no network of a consumer's. */
const elsewhere = ["198.51.100.2/32", "2001:db8:2::2/128"];
export const bystanderPort = 22;

type Rest = Pick<GatewayPlan, "endpoints">;

/** The plan of the lab's gateway: its networks and services, with these endpoints. */
export function planOf(namespace: string, { endpoints }: Rest): GatewayPlan {
  return {
    networks: {
      a: { attachment: { kind: "interface", device: "vpc-a" }, cidrs },
      b: { attachment: { kind: "interface", device: "vpc-b" }, cidrs },
      n: { attachment: { kind: "netns", namespace }, cidrs },
    },
    services: { logs: addresses.logs, metrics: addresses.metrics, nobody: [] },
    endpoints,
  };
}

/** Builds the lab. The endpoints of each network follow from the plan, which is made once the namespace `n` has a name. */
export async function startDualLab(rest: Rest): Promise<DualLab> {
  const parts = new AsyncDisposableStack();
  const stop = (): Promise<void> => parts.disposeAsync();
  const started = <Part extends { stop(): Promise<void> }>(part: Part): Part =>
    parts.adopt(part, (each) => each.stop());
  try {
    const topology = await buildTopology({
      nodes: [`${addresses.logs[0]}/24`, `${addresses.metrics[0]}/24`],
      gateway: `${addresses.gateway[0]}/24`,
      consumers: ["a", "b"].map((name) => ({ name, address: `${addresses.consumer[0]}/24` })),
    });
    parts.defer(() => topology.remove());
    await addAddresses(topology);
    // Errors that must not be sent are not to be missed because others were sent a moment ago.
    await topology.gateway.sysctl({ "net.ipv4.icmp_ratelimit": 0, "net.ipv6.icmp.ratelimit": 0 });
    const apart = await Namespace.create("n");
    parts.defer(() => apart.remove());
    const nodes = started(await Remote.start<NodeProcedures>(topology.provider, "node"));
    for (const node of [...addresses.logs, ...addresses.metrics]) {
      await nodes.call("start", node, endpointPort);
    }
    const bystander = started(await Remote.start<BystanderProcedures>(topology.gateway, "bystander"));
    await bystander.call("start", bystanderPort);
    const providerWire = started(await Remote.start<WireProcedures>(topology.provider, "wire"));
    await providerWire.call("open", "eth0");
    const gateway = started(await LoneGateway.start(topology.gateway, planOf(apart.name, rest)));
    const site = async (namespace: Namespace, device: string, near: string): Promise<Site> => {
      const client = started(await Remote.start<ConsumerProcedures>(namespace, "consumer"));
      const wire = started(await Remote.start<WireProcedures>(namespace, "wire"));
      await wire.call("open", device);
      return { namespace, client, wire, gatewayHardware: await hardwareOf(topology.gateway, near) };
    };
    const [a, b] = topology.consumers;
    if (!a || !b) throw new Error("There are two consumers");
    const sites = {
      a: await site(a.namespace, "eth0", a.device),
      b: await site(b.namespace, "eth0", b.device),
      n: await site(apart, "postern0", "pn3"),
    };
    const serversHardware = await hardwareOf(topology.gateway, serversDevice);
    return { topology, gateway, sites, nodes, providerWire, serversHardware, bystander, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Without looking for duplicates, which takes a second. */
async function addAddresses({ gateway, provider, consumers }: Topology): Promise<void> {
  for (const address of [`${addresses.gateway[1]}/64`, ...elsewhere]) {
    await gateway.ip(`address add ${address} dev ${serversDevice}${address.includes(":") ? " nodad" : ""}`);
  }
  for (const node of [addresses.logs[1], addresses.metrics[1]]) {
    await provider.ip(`address add ${node}/64 dev eth0 nodad`);
  }
  for (const { namespace } of consumers) {
    await namespace.ip(`address add ${addresses.consumer[1]}/64 dev eth0 nodad`);
  }
}

async function hardwareOf(namespace: Namespace, device: string): Promise<string> {
  return /link\/ether (\S+)/.exec(await namespace.ip(`link show ${device}`))?.[1] ?? "";
}

/** Waits until an endpoint answers. */
export async function untilAnswered({ client }: Site, ip: string): Promise<void> {
  await eventually(() => client.call("get", { ip, port: endpointPort }, "/ready"), {
    what: `the endpoint ${ip} to answer`,
  });
}
