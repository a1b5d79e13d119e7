import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Children } from "../proxy/children.ts";
import { bulkPort, haproxyConfig, httpPort, nginxStreamConfig, nodeConfig } from "../proxy/contenders.ts";
import type { Run, ToolName } from "../proxy/tools.ts";
import { EngineHost } from "./engine-host.ts";
import { firstEndpointAddress, vpcCidr } from "./engine-orders.ts";
import type { Namespaces } from "./namespaces.ts";

/** One way from a consumer to the nodes, through a gateway namespace of its own. */
export interface Contender {
  readonly name: "routing" | "postern" | "haproxy" | "nginx";
  /** Where the consumer connects to. */
  readonly address: string;
  /** Runs a program where the consumer is. */
  readonly run: Run;
}

export interface Testbed {
  readonly contenders: readonly Contender[];
  readonly postern: Contender;
  readonly engine: EngineHost;
  readonly provider: string;
  /** Where postern's consumer is. */
  readonly consumer: string;
}

const nodesOfAGateway = 3;

/**
 * Builds one provider, and for each contender a gateway and a consumer. All stay up, so that rounds can go in turn.
 * Connections of an earlier round that the provider has in TIME_WAIT would slow the next one down: it keeps few.
 */
export async function buildTestbed(
  children: Children,
  namespaces: Namespaces,
  available: ReadonlySet<ToolName>,
): Promise<Testbed> {
  const provider = await namespaces.add("provider", { "net.ipv4.tcp_max_tw_buckets": 2000 });
  const bed = { children, namespaces, provider };
  const routing = await addRouting(bed, 0);
  const { postern, engine, consumer } = await addPostern(bed, 1);
  const haproxy = available.has("haproxy") ? [await addProxy(bed, 2, "haproxy")] : [];
  const nginx = await addProxy(bed, 3, "nginx");
  const file = join(children.directory, "node.conf");
  await writeFile(file, nodeConfig(children.directory, ["0.0.0.0"]));
  namespaces.start(provider, "nginx", "-p", children.directory, "-e", "stderr", "-c", file);
  namespaces.start(provider, "iperf3", "--server", "--port", String(bulkPort));
  await Promise.all([httpPort, bulkPort].map((port) => namespaces.listening(provider, port)));
  return { contenders: [routing, postern, ...haproxy, nginx], postern, engine, provider, consumer };
}

interface Bed {
  readonly children: Children;
  readonly namespaces: Namespaces;
  readonly provider: string;
}

/** Returns a new gateway that the provider is connected to, and the provider's three addresses there. */
async function addGateway(
  { namespaces, provider }: Bed,
  index: number,
): Promise<{ gateway: string; nodes: readonly string[] }> {
  const gateway = await namespaces.add(`gw${index}`, { "net.ipv4.ip_forward": 1 });
  const nodes = Array.from({ length: nodesOfAGateway }, (_, node) => `10.200.${index}.${11 + node}`);
  await namespaces.connect(
    { namespace: gateway, device: "provider", addresses: [`10.200.${index}.1/24`] },
    { namespace: provider, device: `gw${index}`, addresses: nodes.map((node) => `${node}/24`) },
  );
  return { gateway, nodes };
}

/** Returns a new consumer with 10.201.INDEX.2, whose gateway has 10.201.INDEX.1. */
async function addConsumer({ namespaces }: Bed, index: number, gateway: string): Promise<string> {
  const consumer = await namespaces.add(`c${index}`);
  await namespaces.connect(
    { namespace: gateway, device: "consumer", addresses: [`10.201.${index}.1/24`] },
    { namespace: consumer, device: "gateway", addresses: [`10.201.${index}.2/24`] },
  );
  return consumer;
}

async function addRouting(bed: Bed, index: number): Promise<Contender> {
  const { gateway, nodes } = await addGateway(bed, index);
  const consumer = await addConsumer(bed, index, gateway);
  await bed.namespaces.route(consumer, "default", `10.201.${index}.1`);
  await bed.namespaces.route(bed.provider, `10.201.${index}.0/24`, `10.200.${index}.1`);
  return { name: "routing", address: nodes[0] ?? "", run: bed.namespaces.run(consumer) };
}

async function addProxy(bed: Bed, index: number, name: "haproxy" | "nginx"): Promise<Contender> {
  const { children, namespaces } = bed;
  const { gateway, nodes } = await addGateway(bed, index);
  const consumer = await addConsumer(bed, index, gateway);
  const address = `10.201.${index}.1`;
  const file = join(children.directory, `${name}.conf`);
  await writeFile(file, (name === "haproxy" ? haproxyConfig : nginxStreamConfig)(address, nodes));
  if (name === "haproxy") namespaces.start(gateway, "haproxy", "-db", "-q", "-f", file);
  else namespaces.start(gateway, "nginx", "-p", children.directory, "-e", "stderr", "-c", file);
  await namespaces.listening(gateway, httpPort);
  return { name, address, run: namespaces.run(consumer) };
}

/** Two VPCs with the same CIDR; the load comes from the first one. */
async function addPostern(
  bed: Bed,
  index: number,
): Promise<{ postern: Contender; engine: EngineHost; consumer: string }> {
  const { namespaces } = bed;
  const { gateway, nodes } = await addGateway(bed, index);
  const consumers = [await namespaces.add("vpc1"), await namespaces.add("vpc2")] as const;
  const networks = consumers.map((namespace) => ({ namespace, cidr: vpcCidr }));
  const file = join(import.meta.dirname, "engine-process.ts");
  const child = namespaces.fork(gateway, file, JSON.stringify({ networks, nodes }));
  const [consumer] = consumers;
  const postern: Contender = {
    name: "postern",
    address: firstEndpointAddress,
    run: namespaces.run(consumer),
  };
  return { postern, engine: await EngineHost.of(child), consumer };
}
