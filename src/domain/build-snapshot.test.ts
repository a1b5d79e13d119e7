import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildSnapshot, type DesiredState } from "./build-snapshot.ts";
import type { Ipv6 } from "../lib/ipv6.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import type { ClusterId, EndpointId, NodeId, ServiceId, VpcId } from "./ids.ts";
import type { KernelVpc } from "./resources.ts";
import {
  aCluster,
  anEndpoint,
  aService,
  aVpc,
  endpointId,
  gatewayId,
  nodeId,
  serviceId,
  uuid,
  vpcId,
  namePlace,
} from "./test-fixtures.ts";

function stateOf(wish: Partial<DesiredState> = {}): DesiredState {
  return {
    revision: 42,
    clusters: [aCluster()],
    services: [aService()],
    endpoints: [anEndpoint()],
    kernelVpcs: [],
    unattachedVpcs: new Set(),
    resolvers: [],
    verifiedDomains: [],
    ...wish,
  };
}

function snapshotOf(state: DesiredState) {
  return buildSnapshot(state, gatewayId, namePlace, (sealed) => `open(${sealed})`);
}

test("the snapshot of one endpoint, key for key", () => {
  const cluster = aCluster({ clientPort: 9201 });
  expect(snapshotOf(stateOf({ clusters: [cluster] }))).toEqual({
    format: 1,
    gatewayId,
    region: "region-1",
    revision: 42,
    services: [
      {
        id: serviceId,
        nodes: [{ id: nodeId, host: "10.0.0.5", port: 9200 }],
        healthCheck: { scheme: "http", path: "/", insecureSkipVerify: false },
      },
    ],
    endpoints: [
      {
        id: endpointId,
        serviceId,
        vpcId,
        attachment: "loopback",
        address: "127.80.0.2",
        clientPorts: [9201],
        maxSession: 3000,
        refusal: null,
      },
    ],
  });
});

test("the cluster's client port leads to the nodes as they are registered, any other to itself", () => {
  const cluster = aCluster({ clientPort: 9300 });
  const ports = [
    { clientPort: 80, serverPort: 9300 },
    { clientPort: 81, serverPort: 9200 },
  ];
  const { services, endpoints } = snapshotOf(
    stateOf({ clusters: [cluster], services: [aService({ ports })] }),
  );
  expect(services).toMatchObject([{ nodes: [{ port: 9200 }], serverPorts: [ports[1]] }]);
  expect(endpoints).toMatchObject([{ clientPorts: [80, 81] }]);
});

test("the ports of a service stand for the cluster's, and a whitelist in use comes as sources", () => {
  const ports = [
    { clientPort: 80, serverPort: 9200 },
    { clientPort: 81, serverPort: 9200 },
  ];
  const sourceWhitelist = ["10.0.0.1"];
  const wish = { services: [aService({ ports })] };
  const filtered = anEndpoint({ sourceWhitelistEnabled: true, sourceWhitelist });
  expect(snapshotOf(stateOf({ ...wish, endpoints: [filtered] })).endpoints).toMatchObject([
    { clientPorts: [80, 81], sources: sourceWhitelist },
  ]);
  const [open] = snapshotOf(stateOf({ ...wish, endpoints: [anEndpoint({ sourceWhitelist })] })).endpoints;
  expect(open?.sources).toBeUndefined();
});

test("the health check carries the opened credentials, the CA and whether to trust blindly", () => {
  const cluster = aCluster({
    scheme: "https",
    username: "admin",
    sealedPassword: "x:y",
    ca: "PEM",
    insecureSkipVerify: true,
  });
  const [service] = snapshotOf(stateOf({ clusters: [cluster] })).services;
  expect(service?.healthCheck).toEqual({
    scheme: "https",
    path: "/",
    insecureSkipVerify: true,
    authorization: `Basic ${btoa("admin:open(x:y)")}`,
    ca: "PEM",
  });
});

describe("refusals", () => {
  test.each([
    ["service_closed", aService({ enabled: false }), anEndpoint()],
    ["not_accepted", aService(), anEndpoint({ approval: "pending" })],
    ["not_accepted", aService(), anEndpoint({ approval: "rejected", rejectedBy: "owner" })],
    ["not_whitelisted", aService(), anEndpoint({ approval: "rejected", rejectedBy: "whitelist" })],
    [null, aService(), anEndpoint({ phase: "creating" })],
    [null, aService(), anEndpoint({ phase: "failed" })],
  ] as const)("%s", (refusal, service, endpoint) => {
    const { endpoints } = snapshotOf(stateOf({ services: [service], endpoints: [endpoint] }));
    expect(endpoints).toEqual([expect.objectContaining({ refusal })]);
  });
});

test("a service without endpoints is not carried: nobody would need its nodes checked", () => {
  expect(snapshotOf(stateOf({ endpoints: [] }))).toMatchObject({ services: [], endpoints: [] });
});

function shuffled<Item>(items: Item[]): fc.Arbitrary<Item[]> {
  return fc.shuffledSubarray(items, { minLength: items.length, maxLength: items.length });
}

test("equal states give equal text, in whatever order the rows come", () => {
  const many = Array.from({ length: 6 }, (_, n) => n);
  const clusters = many.map((n) =>
    aCluster({ id: uuid(100 + n) as ClusterId, nodes: [{ id: uuid(n) as NodeId, host: "h", port: 1 }] }),
  );
  const services = many.map((n) =>
    aService({ id: uuid(205 - n) as ServiceId, clusterId: uuid(100 + n) as ClusterId }),
  );
  const endpoints = many.map((n) =>
    anEndpoint({ id: uuid(300 + n) as EndpointId, serviceId: uuid(200 + n) as ServiceId }),
  );
  const text = JSON.stringify(snapshotOf(stateOf({ clusters, services, endpoints })));
  fc.assert(
    fc.property(shuffled(clusters), shuffled(services), shuffled(endpoints), (c, s, e) => {
      expect(JSON.stringify(snapshotOf(stateOf({ clusters: c, services: s, endpoints: e })))).toBe(text);
    }),
  );
});

test("attached networks come with their numbers, used or not, and endpoints there with theirs", () => {
  const attachment = { kind: "interface", device: "eth1" } as const;
  const used = { ...aVpc({ number: 2, cidr: "10.0.0.0/24" }), attachment };
  const idle = { ...aVpc({ id: uuid(0) as VpcId, number: 3, cidr: "10.0.0.0/24" }), attachment };
  const endpoint = anEndpoint({ maxConnectionRate: 50, maxBandwidth: 20_000 });
  const { endpoints, networks } = snapshotOf(stateOf({ kernelVpcs: [used, idle], endpoints: [endpoint] }));
  expect(networks).toEqual([
    { id: idle.id, number: 3, attachment, cidrs: ["10.0.0.0/24"] },
    { id: vpcId, number: 2, attachment, cidrs: ["10.0.0.0/24"] },
  ]);
  expect(endpoints).toMatchObject([
    { attachment: "kernel", kernel: { number: endpoint.markerId, connectionRate: 50, byteRate: 20_000 } },
  ]);
  const [unlimited] = snapshotOf(stateOf({ kernelVpcs: [used] })).endpoints;
  expect(unlimited?.kernel).toEqual({ number: endpoint.markerId });
});

test("a second address of an endpoint and the IPv6 network of a VPC are in it", () => {
  const vpc: KernelVpc = {
    ...aVpc({ cidr6: "fd00:1::/64" }),
    attachment: { kind: "interface", device: "eth1" },
  };
  const endpoints = [anEndpoint({ address6: "fd00:1::2" as Ipv6 })];
  const { networks, endpoints: told } = snapshotOf(stateOf({ kernelVpcs: [vpc], endpoints }));
  expect(networks).toMatchObject([{ cidrs: ["127.80.0.0/20", "fd00:1::/64"] }]);
  expect(told).toMatchObject([{ address: "127.80.0.2", address6: "fd00:1::2" }]);
});

test("names are served on loopback where the server says, in other networks where they say; endpoints tell that they have one", () => {
  const resolvers = [
    { vpcId: uuid(9) as VpcId, address: "127.81.0.3" },
    { vpcId, address: "127.80.0.3" },
  ];
  const named = snapshotOf(stateOf({ endpoints: [anEndpoint({ dnsEnabled: true })], resolvers }));
  expect(named.dns).toEqual({ zone: "postern.internal", resolvers: resolvers.toReversed() });
  expect(named.endpoints).toMatchObject([{ hasName: true }]);
  const attachment = { kind: "interface", device: "eth1" } as const;
  const dnsAddress = "10.0.0.3" as Ipv4;
  const inKernel = snapshotOf(
    stateOf({ kernelVpcs: [{ ...aVpc(), cidr: "10.0.0.0/24", attachment, dnsAddress }] }),
  );
  expect(inKernel).toMatchObject({ dns: { resolvers: [] }, networks: [{ resolver: dnsAddress }] });
  expect(snapshotOf(stateOf())).not.toHaveProperty("dns");
  expect(snapshotOf(stateOf()).endpoints[0]).not.toHaveProperty("hasName");
});
