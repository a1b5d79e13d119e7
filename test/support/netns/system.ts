import type { Api } from "../api.ts";
import { startPostern } from "../postern.ts";
import type { Admin, Postern, StartOptions } from "../postern.ts";
import { createEndpoint, ok, Service } from "../service.ts";
import type { Caller, Endpoint } from "../service.ts";
import type { Tenant } from "../tenant.ts";
import type { ApiProcedures } from "./api-program.ts";
import type { ConsumerProcedures } from "./consumer-program.ts";
import type { NodeProcedures } from "./node-program.ts";
import { Remote } from "./remote.ts";
import { buildTopology, withoutPrefix } from "./topology.ts";
import type { ConsumerSite, Topology, TopologyPlan } from "./topology.ts";

/** A consumer's namespace with a program in it. */
export type Consumer = ConsumerSite & { readonly client: Remote<ConsumerProcedures> };

/** Postern in the gateway's namespace, nodes behind it, consumers before it. */
export type NetnsSystem = {
  readonly topology: Topology;
  readonly postern: Postern;
  readonly nodes: Remote<NodeProcedures>;
  /** @throws Error when there is no consumer of that name */
  consumer(name: string): Consumer;
  /** Registers a cluster of some of the nodes' addresses, and opens its service. */
  openService(name: string, nodes: readonly string[]): Promise<Service>;
  /** Makes an endpoint in the network of a consumer. @throws Error with the answer */
  endpoint(consumer: string, service: Service, wish?: EndpointWish): Promise<Endpoint>;
  /** Makes an account, and attaches the network of a consumer without a CIDR of its own as the account's. */
  tenant(consumer: string, cidr: string): Promise<Tenant>;
  stop(): Promise<void>;
};

/** What is wished of an endpoint besides its network. */
type EndpointWish = { readonly ip?: string; readonly enable_dns?: boolean };

export const nodePort = 9200;

export type NetnsOptions = Pick<StartOptions, "args" | "dataDir"> & {
  /** What the command line of `postern up` begins with, in the gateway's namespace: `["setpriv", …]`. */
  readonly behind?: readonly string[];
};

/**
 * Starts all of it. Each consumer's network is a VPC of his name, if he has a CIDR.
 */
export async function startNetnsSystem(
  plan: TopologyPlan,
  cidrs: Readonly<Record<string, string>>,
  { behind = [], ...options }: NetnsOptions = {},
): Promise<NetnsSystem> {
  const topology = await buildTopology(plan);
  const parts = new AsyncDisposableStack();
  parts.defer(() => topology.remove());
  const stop = (): Promise<void> => parts.disposeAsync();
  const started = <Part extends { stop(): Promise<void> }>(part: Part): Part =>
    parts.adopt(part, (each) => each.stop());
  try {
    const nodes = started(await Remote.start<NodeProcedures>(topology.provider, "node"));
    for (const node of plan.nodes) await nodes.call("start", withoutPrefix(node), nodePort);
    const consumers: Consumer[] = [];
    for (const site of topology.consumers) {
      const client = started(await Remote.start<ConsumerProcedures>(site.namespace, "consumer"));
      consumers.push({ ...site, client });
    }
    const inGateway = await startPostern({
      ...options,
      listen: "127.0.0.1:9700",
      prefix: [...topology.gateway.prefix, ...behind],
    });
    const remote = started(await Remote.start<ApiProcedures>(topology.gateway, "api"));
    const postern = started({ ...inGateway, api: apiThrough(remote, inGateway) });
    for (const { name, device } of consumers) {
      const cidr = cidrs[name];
      if (cidr !== undefined) await createNetwork(postern, name, cidr, device);
    }
    return { topology, postern, nodes, stop, ...uses(postern, consumers, remote) };
  } catch (error) {
    await stop();
    throw error;
  }
}

function uses(postern: Postern, consumers: readonly Consumer[], remote: Remote<ApiProcedures>) {
  const consumer = (name: string): Consumer => {
    const found = consumers.find((each) => each.name === name);
    if (!found) throw new Error(`There is no consumer ${name}`);
    return found;
  };
  return {
    consumer,
    tenant: (name: string, cidr: string): Promise<Tenant> =>
      createTenantAt(postern, remote, consumer(name), cidr),
    openService: async (name: string, nodes: readonly string[]): Promise<Service> =>
      Service.openAt(
        postern,
        name,
        nodes.map((host) => `http://${host}:${nodePort}`),
        nodePort,
      ),
    endpoint: async (network: string, service: Service, wish: EndpointWish = {}): Promise<Endpoint> => {
      type Vpcs = { readonly vpcs: readonly { readonly id: string; readonly name: string }[] };
      const { vpcs } = ok(await postern.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs"));
      const id = vpcs.find(({ name }) => name === network)?.id;
      return await createEndpoint(postern, await service.name(), { vpc_id: id, ...wish });
    },
  };
}

async function createTenantAt(
  postern: Postern,
  remote: Remote<ApiProcedures>,
  { name, device }: Consumer,
  cidr: string,
): Promise<Tenant> {
  const made = ok(await postern.api<Omit<Admin, "endpoint">>("POST", "/postern/v1/accounts", { name }));
  const admin = { endpoint: postern.endpoint, ...made };
  const api = apiThrough(remote, { admin });
  const wish = { name, cidr, attachment: { kind: "none" } };
  const { id } = ok(await api<{ readonly id: string }>("POST", "/postern/v1/{pid}/vpcs", wish));
  // Interfaces are the operator's to give.
  ok(await postern.api("PUT", `/postern/v1/{pid}/vpcs/${id}`, { attachment: { kind: "interface", device } }));
  return { admin, api };
}

/** The API of a server that only programs of another namespace reach. */
function apiThrough(remote: Remote<ApiProcedures>, { admin }: Pick<Postern, "admin">): Api {
  return async <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await remote.call("call", admin, method, path, body, headers);
    // The type argument is the caller's word for what the documented answer looks like.
    return { status: answer.status, headers: new Headers(answer.headers), body: answer.body as Body };
  };
}

async function createNetwork(postern: Caller & Postern, name: string, cidr: string, device: string) {
  const args = ["vpc", "create", name, "--cidr", cidr, "--attachment", "interface", "--device", device];
  const { code, stderr } = await postern.cli(args);
  if (code !== 0) throw new Error(`The network ${name} was refused: ${stderr}`);
}
