import { expect, test } from "vitest";
import type { DesiredEndpoint, DesiredNetwork } from "../../domain/desired.ts";
import type { EndpointId, ServiceId, VpcId } from "../../domain/ids.ts";
import type { NetworkState } from "./host-network.ts";
import { networkWishes, planKernel, type KernelPlan } from "./plan.ts";

const network: DesiredNetwork = {
  id: "v" as VpcId,
  number: 7,
  attachment: { kind: "interface", device: "eth1" },
  cidrs: ["10.0.0.0/24"],
};
const up: NetworkState = { network: network.id, device: "eth1", taken: new Map() };
const nodes = [{ host: "10.9.0.1", port: 9200 }];

function endpoint(number: number, wish: Partial<DesiredEndpoint> = {}): DesiredEndpoint {
  return {
    id: `e${number}` as EndpointId,
    address: `10.0.0.${number}`,
    clientPorts: [9200],
    maxSession: 3_000,
    refusal: null,
    nodes,
    kernel: { network: network.id, service: "s" as ServiceId, number },
    ...wish,
  };
}

function plan(endpoints: readonly DesiredEndpoint[], state: NetworkState = up): KernelPlan {
  const names: string[] = [];
  const groupNumber = (name: string): number => {
    if (!names.includes(name)) names.push(name);
    return names.indexOf(name) + 1;
  };
  return planKernel(endpoints, [network], [state], groupNumber, (list) => list);
}

test("the host answers for every endpoint, and is attached where there is none yet", () => {
  expect(networkWishes([endpoint(1), endpoint(2)], [network])).toEqual([
    { network, addresses: ["10.0.0.1", "10.0.0.2"] },
  ]);
  expect(networkWishes([], [network])).toEqual([{ network, addresses: [] }]);
});

test("endpoints of one service share their nodes; a port that leads elsewhere has nodes of its own", () => {
  const mapped = { clientPorts: [80, 9200], serverPorts: [{ clientPort: 80, serverPort: 8080 }] };
  const { endpoints, groups, caps, networks } = plan([endpoint(1), endpoint(2, mapped)]);
  expect(endpoints.map(({ ports }) => ports)).toEqual([
    [{ port: 9200, group: 1 }],
    [
      { port: 80, group: 2 },
      { port: 9200, group: 1 },
    ],
  ]);
  expect(groups).toEqual([
    { number: 1, nodes },
    { number: 2, nodes: [{ host: "10.9.0.1", port: 8080 }] },
  ]);
  expect([...caps]).toEqual([
    [1, 3_000],
    [2, 3_000],
  ]);
  expect(networks).toEqual([{ number: 7, device: "eth1", cidrs: network.cidrs, sender: "10.0.0.1" }]);
});

test("without a node that has an address an endpoint refuses with that reason", () => {
  expect(plan([endpoint(1, { nodes: [] })]).endpoints[0]?.hasNodes).toBe(false);
});

test("a network that is not there fails its endpoints, saying why, and carries nothing", () => {
  const problem = "There is no interface eth1.";
  const { endpoints, networks, failures } = plan([endpoint(1)], {
    ...up,
    device: undefined as never,
    problem,
  });
  expect([endpoints, networks]).toEqual([[], []]);
  expect(failures).toEqual([{ endpointId: "e1", code: "address_unavailable", message: problem }]);
});

test("an address that another host has fails its endpoint alone", () => {
  const { endpoints, failures } = plan([endpoint(1), endpoint(2)], {
    ...up,
    taken: new Map([["10.0.0.1", "02:00:00:00:00:01"]]),
  });
  expect(endpoints.map(({ number }) => number)).toEqual([2]);
  expect(failures).toMatchObject([{ endpointId: "e1", code: "address_unavailable" }]);
  expect(failures[0]?.message).toContain("02:00:00:00:00:01");
});
