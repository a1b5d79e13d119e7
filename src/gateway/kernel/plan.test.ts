import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { DesiredEndpoint, DesiredNetwork, DesiredNode } from "../../domain/desired.ts";
import type { EndpointId, ServiceId, VpcId } from "../../domain/ids.ts";
import type { NetworkState } from "./host-network.ts";
import { vpcMark } from "./nft/schema.ts";
import type { Resolution } from "./node-groups.ts";
import { Plan } from "./plan.ts";

const network: DesiredNetwork = {
  id: "v" as VpcId,
  number: 7,
  attachment: { kind: "interface", device: "eth1" },
  cidrs: ["10.0.0.0/24"],
};
const nodes = [{ host: "10.9.0.1", port: 9200 }];
const pending: Resolution = { nodes: [], isPending: true };

function stateOf(answered: readonly string[], wish: Partial<NetworkState> = {}): NetworkState {
  return { network: network.id, device: "eth1", answered: new Set(answered), refused: new Map(), ...wish };
}

const addresses = Array.from({ length: 9 }, (_, n) => `10.0.0.${n + 1}`);
const up = stateOf([...addresses, "fd00::9"]);

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

/** A plan whose names of nodes are resolved by `known`, or as they are. */
function emptyPlan(known?: () => Resolution): Plan {
  const names: string[] = [];
  return new Plan({
    groupNumber: (name) => {
      if (!names.includes(name)) names.push(name);
      return names.indexOf(name) + 1;
    },
    resolve: (list: readonly DesiredNode[]) => known?.() ?? { nodes: list, isPending: false },
    deviceOf: ({ number }) => `pn${number}`,
  });
}

function planned(endpoints: readonly DesiredEndpoint[], state: NetworkState = up): Plan {
  const plan = emptyPlan();
  plan.update(endpoints, [network]);
  plan.takeStates([state]);
  return plan;
}

function numbers(plan: Plan): readonly number[] {
  return [...plan.endpoints.values()].map(({ number }) => number);
}

test("the host answers for every endpoint, and is attached where there is none yet", () => {
  const plan = emptyPlan();
  plan.update([], [network]);
  expect(plan.takeWishes()).toMatchObject([{ network, addresses: new Map() }]);
  plan.update([endpoint(1), endpoint(2)], [network]);
  expect([...(plan.takeWishes()[0]?.addresses.keys() ?? [])]).toEqual(["10.0.0.1", "10.0.0.2"]);
});

test("nodes are those that sessions may go to, and those that get no new ones", () => {
  const away = [{ host: "10.9.0.2", port: 9200, sessions: "stay" as const }];
  const [one, two] = [endpoint(1, { away }), endpoint(2, { away })];
  expect([...planned([one, two]).nodes]).toEqual([...nodes, ...away]);
});

test("wishes tell what came and went since the last ones, and of the first nothing", () => {
  const plan = emptyPlan();
  const [one, two, three] = [endpoint(1), endpoint(2), endpoint(3)];
  plan.update([one, two], [network]);
  expect(plan.takeWishes()[0]?.changed).toBeUndefined();
  plan.update([one, three], [network]);
  expect(plan.takeWishes()[0]?.changed).toEqual([two.address, three.address]);
  plan.update([one, { ...three, refusal: "not_accepted" }], [network]);
  expect(plan.takeWishes()[0]?.changed).toEqual([]);
});

test("endpoints of one service share their nodes; a port that leads elsewhere has nodes of its own", () => {
  const mapped = { clientPorts: [80, 9200], serverPorts: [{ clientPort: 80, serverPort: 8080 }] };
  const plan = planned([endpoint(1), endpoint(2, mapped)]);
  expect([...plan.endpoints.values()].map(({ ports }) => ports)).toEqual([
    [{ port: 9200, group: 1 }],
    [
      { port: 80, group: 2 },
      { port: 9200, group: 1 },
    ],
  ]);
  expect([...plan.groups.values()]).toEqual([
    { number: 1, nodes },
    { number: 2, nodes: [{ host: "10.9.0.1", port: 8080 }] },
  ]);
  expect([1, 2, 3].map((number) => plan.capOf(number))).toEqual([3_000, 3_000, undefined]);
  const expected = { number: 7, device: "eth1", cidrs: network.cidrs, sender: "10.0.0.1" };
  expect([...plan.networks.values()]).toEqual([expected]);
});

test("other nodes of a service are told to its group, and no endpoint is looked at", () => {
  const [one, two] = [endpoint(1), endpoint(2)];
  const plan = planned([one, two]);
  plan.settle();
  const others = [{ host: "10.9.0.2", port: 9200 }];
  plan.update(
    [
      { ...one, nodes: others },
      { ...two, nodes: others },
    ],
    [network],
  );
  expect([...plan.endpoints.turns()]).toEqual([]);
  expect([...plan.groups.turns().values()]).toEqual([
    { before: { number: 1, nodes }, after: { number: 1, nodes: others } },
  ]);
});

test("a service whose only endpoint makes room for another one has the nodes of that", () => {
  const other = { ...network, id: "w" as VpcId, number: 8 };
  const elsewhere = { network: other.id, service: "t" as ServiceId, number: 2 };
  const plan = planned([endpoint(2, { kernel: elsewhere }), endpoint(1, { nodes: [] })]);
  plan.settle();
  // The network that comes has the newcomer looked at before the one that is gone.
  plan.update([endpoint(2)], [network, other]);
  expect([...plan.groups.values()]).toEqual([{ number: 1, nodes }]);
});

test("another endpoint of a service changes nothing for the others, nor for their nodes", () => {
  const one = endpoint(1);
  const plan = planned([one]);
  plan.settle();
  plan.update([one, endpoint(2)], [network]);
  expect([...plan.endpoints.turns().keys()]).toEqual([2]);
  expect([[...plan.groups.turns()], [...plan.networks.turns()]]).toEqual([[], []]);
});

test.each<Partial<DesiredEndpoint>>([
  { address: "10.0.0.9" },
  { address6: "fd00::9" },
  { clientPorts: [80] },
  { serverPorts: [{ clientPort: 9200, serverPort: 80 }] },
  { sources: ["10.0.0.9"] },
  { refusal: "service_closed" },
  { maxSession: 5 },
  { kernel: { network: network.id, service: "t" as ServiceId, number: 1 } },
  { kernel: { network: network.id, service: "s" as ServiceId, number: 1, byteRate: 1_000 } },
])("a change of %j is told", (wish) => {
  const one = endpoint(1);
  const plan = planned([one]);
  plan.settle();
  plan.update([{ ...one, ...wish }], [network]);
  expect([...plan.endpoints.turns().keys()]).toEqual([1]);
});

test("names of a service that has no endpoint any more are not looked up", () => {
  let lookUps = 0;
  const plan = emptyPlan(() => {
    lookUps += 1;
    return pending;
  });
  plan.update([endpoint(1, { nodes: [{ host: "search", port: 9200 }] })], [network]);
  plan.takeNames();
  expect(lookUps).toBe(2);
  plan.update([], [network]);
  plan.takeNames();
  expect(lookUps).toBe(2);
});

test("without a node that has an address an endpoint refuses with that reason", () => {
  expect(planned([endpoint(1, { nodes: [] })]).endpoints.get(1)?.hasNodes).toBe(false);
});

test("a network that is not there fails its endpoints, saying why, and keeps its rules for when it comes", () => {
  const problem = "There is no interface eth1.";
  const state = { network: network.id, problem, answered: new Set<string>(), refused: new Map() };
  const plan = planned([endpoint(1)], state);
  expect(plan.endpoints.size).toBe(0);
  expect(plan.failures).toEqual([{ endpointId: "e1", code: "address_unavailable", message: problem }]);
  expect([...plan.networks.values()]).toEqual([{ number: 7, device: "pn7", cidrs: network.cidrs }]);
});

test("a network that the host does not know yet has its rules, unless another one has its interface", () => {
  const plan = emptyPlan();
  plan.update([endpoint(1)], [network, { ...network, id: "w" as VpcId, number: 8 }]);
  expect([...plan.networks.values()].map(({ device }) => device)).toEqual(["pn7", "pn8"]);
  const same = new Plan({
    groupNumber: () => 1,
    resolve: () => pending,
    deviceOf: () => "eth1",
  });
  same.update([], [network, { ...network, id: "w" as VpcId, number: 8 }]);
  expect([...same.networks.values()].map(({ number }) => number)).toEqual([7]);
});

test("an address that another host has fails its endpoint alone", () => {
  const message = "The address 10.0.0.1 belongs to a host.";
  const plan = planned(
    [endpoint(1), endpoint(2)],
    stateOf(["10.0.0.2"], { refused: new Map([["10.0.0.1", message]]) }),
  );
  expect(numbers(plan)).toEqual([2]);
  expect(plan.failures).toEqual([{ endpointId: "e1", code: "address_unavailable", message }]);
});

test("an endpoint is coming while its address is asked for, and comes when it is answered for", () => {
  const plan = planned([endpoint(1), endpoint(2)], stateOf(["10.0.0.2"]));
  expect([numbers(plan), plan.coming, plan.failures]).toEqual([[2], ["e1"], []]);
  plan.settle();
  plan.takeStates([stateOf(["10.0.0.1", "10.0.0.2"], { changed: ["10.0.0.1"] })]);
  expect([[...plan.endpoints.turns().keys()], plan.coming]).toEqual([[1], []]);
});

test("a new endpoint is coming until a name of its nodes is known; one that is carried goes on", () => {
  let known = pending;
  const plan = emptyPlan(() => known);
  const named = [{ host: "search", port: 9200 }];
  const one = endpoint(1, { nodes: named });
  plan.update([one], [network]);
  plan.takeStates([up]);
  expect(plan.coming).toEqual(["e1"]);
  known = { nodes, isPending: false };
  plan.takeNames();
  expect([numbers(plan), plan.coming]).toEqual([[1], []]);
  known = pending;
  plan.update([{ ...one, nodes: [{ host: "other", port: 9200 }] }], [network]);
  expect(plan.endpoints.get(1)?.hasNodes).toBe(false);
});

/** What may be desired, and what the host may make of it, at one moment. */
interface Moment {
  readonly endpoints: readonly DesiredEndpoint[];
  readonly networks: readonly DesiredNetwork[];
  readonly states: readonly NetworkState[];
}

const twoNetworks = [1, 2].map((number) => ({ ...network, id: `v${number}` as VpcId, number }));
const nodeLists: readonly (readonly DesiredNode[])[] = [
  [],
  nodes,
  [...nodes, { host: "10.9.0.2", port: 9200 }],
];
/** The same objects again and again, as entries of snapshots that have not changed are. */
const variants = [1, 2, 3, 4].flatMap((number) =>
  ["v1", "v2"].flatMap((vpc) =>
    [1, 2].flatMap((service) =>
      ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((address) =>
        endpoint(number, {
          address,
          kernel: { network: vpc as VpcId, service: `s${service}` as ServiceId, number },
        }),
      ),
    ),
  ),
);

const moment: fc.Arbitrary<Moment> = fc
  .record({
    picked: fc.subarray(variants),
    changes: fc.array(fc.constantFrom("refusal", "port", "nothing"), { minLength: 4, maxLength: 4 }),
    nodesOf: fc.tuple(fc.constantFrom(...nodeLists), fc.constantFrom(...nodeLists)),
    networks: fc.subarray(twoNetworks),
    answered: fc.subarray(["10.0.0.1", "10.0.0.2"]),
    devices: fc.tuple(fc.boolean(), fc.boolean()),
  })
  .map(({ picked, changes, nodesOf, networks, answered, devices }) => ({
    endpoints: picked.filter(isAlone).map((each, index) => ({
      ...each,
      ...(changes[index] === "refusal" ? { refusal: "not_accepted" as const } : {}),
      ...(changes[index] === "port" ? { serverPorts: [{ clientPort: 9200, serverPort: 80 }] } : {}),
      nodes: nodesOf[each.kernel?.service === "s1" ? 0 : 1],
    })),
    networks,
    states: networks.map(({ id, number }) => ({
      network: id,
      answered: new Set(answered),
      refused: new Map([["10.0.0.3", "It is a host's."]]),
      ...(devices[number - 1] === true ? { device: `pn${number}` } : { problem: "It is not there." }),
    })),
  }));

/** Numbers and addresses of a network are given once. */
function isAlone(
  { kernel, address }: DesiredEndpoint,
  index: number,
  all: readonly DesiredEndpoint[],
): boolean {
  return !all
    .slice(0, index)
    .some(
      (other) =>
        other.kernel?.number === kernel?.number ||
        (other.address === address && other.kernel?.network === kernel?.network),
    );
}

function sorted(items: readonly unknown[]): readonly string[] {
  return items.map((each) => JSON.stringify(each)).toSorted();
}

function textOf(plan: Plan): unknown {
  return {
    endpoints: sorted([...plan.endpoints.values()]),
    groups: sorted([...plan.groups.values()]),
    networks: sorted(
      [...plan.networks.values()].map(({ sender, ...each }) => ({ ...each, has: sender !== undefined })),
    ),
    failures: sorted(plan.failures),
    coming: sorted(plan.coming),
    caps: [1, 2, 3, 4].map((number) => plan.capOf(number)),
  };
}

test("whatever came before, the plan is what it is from nothing, and its turns lead there", () => {
  const groupNumbers = new Map<string, number>();
  const fresh = (): Plan =>
    new Plan({
      groupNumber: (name) => {
        const number = groupNumbers.get(name) ?? groupNumbers.size + 1;
        groupNumbers.set(name, number);
        return number;
      },
      resolve: (list) => ({ nodes: list, isPending: false }),
      deviceOf: ({ number }) => `pn${number}`,
    });
  fc.assert(
    fc.property(fc.array(moment, { minLength: 2, maxLength: 6 }), (moments) => {
      const plan = fresh();
      const held = { endpoints: new Map(), groups: new Map(), networks: new Map() };
      for (const { endpoints, networks, states } of moments) {
        plan.update(endpoints, networks);
        plan.takeStates(states);
        const anew = fresh();
        anew.update(endpoints, networks);
        anew.takeStates(states);
        expect(textOf(plan)).toEqual(textOf(anew));
        for (const kind of ["endpoints", "groups", "networks"] as const) {
          for (const [number, { before, after }] of plan[kind].turns()) {
            expect(held[kind].get(number)).toBe(before);
            if (after === undefined) held[kind].delete(number);
            else held[kind].set(number, after);
          }
          expect(new Set<unknown>(held[kind].values())).toEqual(new Set<unknown>(plan[kind].values()));
        }
        plan.settle();
      }
    }),
    { numRuns: 300 },
  );
});

test("an endpoint has its addresses of both families under one number, and is carried with both or not at all", () => {
  const dual = endpoint(1, { address6: "fd00::1" });
  const plan = planned([dual], stateOf(["10.0.0.1"]));
  expect([...(plan.takeWishes()[0]?.addresses.keys() ?? [])]).toEqual(["10.0.0.1", "fd00::1"]);
  expect([numbers(plan), plan.coming]).toEqual([[], ["e1"]]);
  const both = ["10.0.0.1", "fd00::1"];
  plan.takeStates([stateOf(both)]);
  expect([...plan.endpoints.values()]).toMatchObject([{ number: 1, addresses: both }]);
  plan.takeStates([stateOf(both, { refused: new Map([["fd00::1", "Somebody has fd00::1."]]) })]);
  expect(plan.failures).toMatchObject([{ endpointId: "e1", message: "Somebody has fd00::1." }]);
  plan.update([endpoint(1)], [network]);
  expect(plan.takeWishes()[0]?.changed).toEqual(["fd00::1"]);
});

test("the relay stands in for nodes of IPv4 alone, while IPv6 consumers come to them", () => {
  const both = stateOf(["10.0.0.1", "10.0.0.2", "fd00::1"]);
  const [dual, single] = [endpoint(1, { address6: "fd00::1" }), endpoint(2)];
  const plan = planned([single], both);
  expect([...plan.relayed]).toEqual([]);
  plan.update([dual, single], [network]);
  expect([...plan.relayed]).toEqual([[1, nodes]]);
  plan.takeRelayPorts(new Map([[1, 4_000]]));
  expect([...plan.groups.values()]).toEqual([{ number: 1, nodes, relayPort: 4_000 }]);
  const [one, other] = [
    { host: "10.9.0.1", port: 9200 },
    { host: "fd09::1", port: 9200 },
  ];
  const withNodes = (list: readonly DesiredNode[]) =>
    plan.update(
      [
        { ...dual, nodes: list },
        { ...single, nodes: list },
      ],
      [network],
    );
  withNodes([one, other]);
  expect([[...plan.relayed], [...plan.groups.values()]]).toEqual([[], [{ number: 1, nodes: [one, other] }]]);
  const alone = [one];
  withNodes(alone);
  expect([...plan.relayed.keys()]).toEqual([1]);
  plan.update([{ ...single, nodes: alone }], [network]);
  expect([[...plan.relayed], [...plan.groups.values()]]).toEqual([[], [{ number: 1, nodes: alone }]]);
  plan.update([], [network]);
  expect([[...plan.relayed], [...plan.groups.values()]]).toEqual([[], []]);
});

test("names are served at a network's own address once the host answers for it, whatever endpoints there are", () => {
  const named = { ...network, resolver: "10.0.0.9" };
  const plan = emptyPlan();
  plan.update([], [named]);
  expect([...(plan.takeWishes()[0]?.addresses.keys() ?? [])]).toEqual(["10.0.0.9"]);
  plan.takeStates([stateOf([], { deviceIndex: 4 })]);
  expect([plan.resolvers, plan.networks.get(7)?.resolver]).toEqual([[], undefined]);
  plan.takeStates([stateOf(["10.0.0.9"], { deviceIndex: 4, changed: ["10.0.0.9"] })]);
  const place = { vpcId: network.id, address: "10.0.0.9", device: "eth1", deviceIndex: 4, mark: vpcMark | 7 };
  expect(plan.resolvers).toEqual([place]);
  // There is no endpoint whose address the gateway could ask for neighbours with.
  expect(plan.networks.get(7)).toMatchObject({ resolver: "10.0.0.9", sender: "10.0.0.9" });
  plan.takeStates([stateOf(["10.0.0.9"], { deviceIndex: 5 })]);
  expect(plan.resolvers).toEqual([{ ...place, deviceIndex: 5 }]);

  plan.update([endpoint(1)], [{ ...network, resolver: "10.0.0.8" }]);
  const [wish] = plan.takeWishes();
  expect([...(wish?.addresses.keys() ?? [])].toSorted()).toEqual(["10.0.0.1", "10.0.0.8"]);
  expect([...(wish?.changed ?? [])].toSorted()).toEqual(["10.0.0.1", "10.0.0.8", "10.0.0.9"]);
  plan.takeStates([up]);
  expect(plan.networks.get(7)).toMatchObject({ resolver: "10.0.0.8", sender: "10.0.0.1" });
  plan.update([endpoint(1)], [network]);
  expect([plan.resolvers, plan.networks.get(7)?.resolver]).toEqual([[], undefined]);
  expect([plan.failures, plan.coming]).toEqual([[], []]);
});
