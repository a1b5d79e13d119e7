import type { DesiredEndpoint, DesiredNetwork, DesiredNode } from "../../domain/desired.ts";
import type { VpcId } from "../../domain/ids.ts";
import type { EndpointFailure } from "../../domain/report.ts";
import type { KernelEndpoint, KernelNetwork, NodeGroup } from "./compile.ts";
import type { NetworkState, NetworkWish } from "./host-network.ts";
import type { KernelState } from "./image.ts";

/** Returns what the host has to do for the endpoints' networks; also for those that have no endpoint yet. */
export function networkWishes(
  desired: readonly DesiredEndpoint[],
  networks: readonly DesiredNetwork[],
): readonly NetworkWish[] {
  const addresses = new Map<VpcId, string[]>(networks.map(({ id }) => [id, []]));
  for (const { kernel, address } of desired) if (kernel) addresses.get(kernel.network)?.push(address);
  return networks.map((network) => ({ network, addresses: addresses.get(network.id) ?? [] }));
}

export interface KernelPlan extends KernelState {
  readonly caps: ReadonlyMap<number, number>;
  readonly failures: readonly EndpointFailure[];
}

/**
 * Puts endpoints, networks and nodes together to what the kernel is to hold. Pure.
 * @param groupNumber returns a number for nodes that are named so; always the same
 * @param resolve returns a list of nodes with addresses as hosts
 */
export function planKernel(
  desired: readonly DesiredEndpoint[],
  networks: readonly DesiredNetwork[],
  states: readonly NetworkState[],
  groupNumber: (name: string) => number,
  resolve: (nodes: readonly DesiredNode[]) => readonly DesiredNode[],
): KernelPlan {
  const up = new Map(states.map((state) => [state.network, state]));
  const numbers = new Map(networks.map(({ id, number }) => [id, number]));
  const failures: EndpointFailure[] = [];
  const endpoints: KernelEndpoint[] = [];
  const groups = new Map<number, NodeGroup>();
  const caps = new Map<number, number>();
  for (const endpoint of desired) {
    const failure = failureOf(endpoint, up);
    if (failure) {
      failures.push(failure);
      continue;
    }
    const { kernel } = endpoint;
    const state = kernel && up.get(kernel.network);
    const network = kernel && numbers.get(kernel.network);
    if (!kernel || state?.device === undefined || network === undefined) continue;
    const nodes = resolve(endpoint.nodes);
    const ports = endpoint.clientPorts.map((port) => {
      const serverPort = endpoint.serverPorts?.find(({ clientPort }) => clientPort === port)?.serverPort;
      const number = groupNumber(`${kernel.service} ${serverPort ?? "registered"}`);
      groups.set(number, {
        number,
        nodes: nodes.map((node) => ({ ...node, port: serverPort ?? node.port })),
      });
      return { port, group: number };
    });
    caps.set(kernel.number, endpoint.maxSession);
    endpoints.push(kernelEndpoint(endpoint, network, state.device, ports, nodes.length > 0));
  }
  return {
    networks: networks.flatMap((network) => kernelNetwork(network, up.get(network.id), endpoints)),
    endpoints,
    groups: [...groups.values()],
    caps,
    failures,
  };
}

function kernelNetwork(
  { number, cidrs }: DesiredNetwork,
  state: NetworkState | undefined,
  endpoints: readonly KernelEndpoint[],
): readonly KernelNetwork[] {
  if (state?.device === undefined) return [];
  const sender = endpoints.find((endpoint) => endpoint.network === number)?.addresses.find(isDotted);
  return [{ number, device: state.device, cidrs, ...(sender === undefined ? {} : { sender }) }];
}

function isDotted(address: string): boolean {
  return !address.includes(":");
}

function kernelEndpoint(
  { address, refusal, sources, kernel }: DesiredEndpoint,
  network: number,
  device: string,
  ports: KernelEndpoint["ports"],
  hasNodes: boolean,
): KernelEndpoint {
  return {
    number: kernel?.number ?? 0,
    network,
    device,
    addresses: [address],
    ports,
    refusal,
    ...(sources === undefined ? {} : { sources }),
    hasNodes,
    ...(kernel?.connectionRate === undefined ? {} : { connectionRate: kernel.connectionRate }),
    ...(kernel?.byteRate === undefined ? {} : { byteRate: kernel.byteRate }),
  };
}

function failureOf(
  { id, kernel, address }: DesiredEndpoint,
  up: ReadonlyMap<VpcId, NetworkState>,
): EndpointFailure | undefined {
  const state = kernel && up.get(kernel.network);
  if (state?.device === undefined) {
    const message = state?.problem ?? "The gateway is not attached to the endpoint's network.";
    return { endpointId: id, code: "address_unavailable", message };
  }
  const owner = state.taken.get(address);
  if (owner === undefined) return undefined;
  const message = `The address ${address} belongs to a host of the network already (${owner}). Free it there, or delete the endpoint and create it with another address.`;
  return { endpointId: id, code: "address_unavailable", message };
}
