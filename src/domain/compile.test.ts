import { expect, test } from "vitest";
import { Compiler, type Desired, type NodeShare } from "./compile.ts";
import { fullWeight } from "./desired.ts";
import type { EndpointId, NodeId, ServiceId } from "./ids.ts";
import type { Snapshot, SnapshotEndpoint, SnapshotService } from "./snapshot.ts";
import { gatewayId, uuid, vpcId } from "./test-fixtures.ts";

const healthCheck = { scheme: "http", path: "/", insecureSkipVerify: false } as const;

const whole = (): number => fullWeight;
const none = (): number => 0;

function service(n: number, ports: readonly number[]): SnapshotService {
  const nodes = ports.map((port) => ({ id: uuid(port) as NodeId, host: `host-${n}`, port }));
  return { id: uuid(n) as ServiceId, nodes, healthCheck };
}

function endpoint(n: number, serviceNumber: number, wish: Partial<SnapshotEndpoint> = {}): SnapshotEndpoint {
  return {
    id: uuid(n) as EndpointId,
    serviceId: uuid(serviceNumber) as ServiceId,
    vpcId,
    attachment: "loopback",
    address: `127.80.0.${n}`,
    clientPorts: [9200],
    maxSession: 3000,
    refusal: null,
    ...wish,
  };
}

function snapshot(services: SnapshotService[], endpoints: SnapshotEndpoint[]): Snapshot {
  return { format: 1, gatewayId, region: "region-1", revision: 1, services, endpoints };
}

function compile(of: Snapshot, shareOf: NodeShare): Desired {
  return new Compiler().compile(of, shareOf, 0);
}

test("each endpoint gets the usable nodes of its own service, in the snapshot's order", () => {
  const { endpoints: desired } = compile(
    snapshot([service(1, [9201, 9202, 9203]), service(2, [9301])], [endpoint(12, 2), endpoint(11, 1)]),
    (id) => (id === uuid(9202) ? 0 : fullWeight),
  );
  expect(desired).toEqual([
    {
      id: uuid(12),
      address: "127.80.0.12",
      clientPorts: [9200],
      maxSession: 3000,
      refusal: null,
      nodes: [{ host: "host-2", port: 9301, id: uuid(9301) }],
    },
    {
      id: uuid(11),
      address: "127.80.0.11",
      clientPorts: [9200],
      maxSession: 3000,
      refusal: null,
      nodes: [
        { host: "host-1", port: 9201, id: uuid(9201) },
        { host: "host-1", port: 9203, id: uuid(9203) },
      ],
      away: [{ host: "host-1", port: 9202, id: uuid(9202), sessions: "stay" }],
    },
  ]);
});

test("a refusal, the cap and the ports come through; no usable node leaves an empty list", () => {
  const wish = {
    refusal: "not_accepted",
    maxSession: 7,
    clientPorts: [80, 81],
    sources: ["10.0.0.1"],
  } as const;
  const { endpoints } = compile(snapshot([service(1, [9201])], [endpoint(11, 1, wish)]), none);
  expect(endpoints[0]).toMatchObject({ ...wish, nodes: [] });
});

test("port mappings of a service are those of its endpoints", () => {
  const serverPorts = [{ clientPort: 81, serverPort: 9600 }];
  const services = [{ ...service(1, [9201]), serverPorts }, service(2, [9201])];
  const { endpoints: desired } = compile(snapshot(services, [endpoint(11, 1), endpoint(12, 2)]), whole);
  expect(desired.map((one) => one.serverPorts)).toEqual([serverPorts, undefined]);
});

test("an endpoint of a service that the snapshot lacks has no nodes", () => {
  expect(compile(snapshot([], [endpoint(11, 1)]), whole)).toMatchObject({ endpoints: [{ nodes: [] }] });
});

test("an endpoint of a network that the kernel carries has its place; networks come through", () => {
  const network = {
    id: vpcId,
    number: 3,
    attachment: { kind: "netns", namespace: "a" },
    cidrs: ["10.0.0.0/24"],
  } as const;
  const kernel = { number: 9, byteRate: 20_000 };
  const services = [service(1, [9201])];
  const inKernel = endpoint(11, 1, { attachment: "kernel", kernel });
  const with2 = { ...snapshot(services, [inKernel, endpoint(12, 1)]), networks: [network] };
  const { endpoints, networks } = compile(with2, whole);
  expect(endpoints.map((one) => one.kernel)).toEqual([
    { network: vpcId, service: uuid(1), ...kernel },
    undefined,
  ]);
  expect(networks).toEqual([network]);
});

test("an endpoint is the same object again while neither its entry nor its nodes change", () => {
  const compiler = new Compiler();
  const services = [service(1, [9201, 9202]), service(2, [9301])];
  const [one, two] = [endpoint(11, 1), endpoint(12, 2)];
  const [before] = [compiler.compile(snapshot(services, [one, two]), whole, 0).endpoints];
  const rejected = { ...two, refusal: "not_accepted" } as const;
  const after = compiler.compile(snapshot(structuredClone(services), [one, rejected]), whole, 0).endpoints;
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toEqual({ ...before[1], refusal: "not_accepted" });
  const sick = compiler.compile(
    snapshot(services, [one, rejected]),
    (id) => (id === uuid(9202) ? 0 : fullWeight),
    0,
  ).endpoints;
  expect(sick[0]?.nodes).toEqual([{ host: "host-1", port: 9201, id: uuid(9201) }]);
  expect(sick[1]).toBe(after[1]);
});

test("endpoints of one service have the same list of nodes, and keep their place when the nodes change", () => {
  const compiler = new Compiler();
  const kernel = { number: 5 };
  const both = [endpoint(11, 1, { kernel }), endpoint(12, 1, { kernel: { number: 6 } })];
  const before = compiler.compile(snapshot([service(1, [9201])], both), whole, 0).endpoints;
  expect(before[0]?.nodes).toBe(before[1]?.nodes);
  const after = compiler.compile(snapshot([service(1, [9201])], both), none, 0).endpoints;
  expect(after[0]).not.toBe(before[0]);
  expect(after[0]?.kernel).toBe(before[0]?.kernel);
});

test("both addresses of an endpoint stay one endpoint", () => {
  const { endpoints } = compile(
    snapshot([service(1, [])], [endpoint(11, 1, { address6: "fd00:1::2" })]),
    whole,
  );
  expect(endpoints).toMatchObject([{ address: "127.80.0.11", address6: "fd00:1::2" }]);
});

/** A service of two nodes, the first of which drains since the epoch. */
function drained(cutAt: number | null): SnapshotService {
  const { nodes, ...rest } = service(1, [9201, 9202]);
  return {
    ...rest,
    nodes: nodes.map((node, at) => (at === 0 ? { ...node, drain: { since: 0, cutAt } } : node)),
  };
}

/** Ports of nodes that get no new sessions, with what becomes of those on them. */
function fateAt(now: number, cutAt: number | null): unknown {
  const { endpoints } = new Compiler().compile(snapshot([drained(cutAt)], [endpoint(11, 1)]), whole, now);
  expect(endpoints[0]?.nodes.map(({ port }) => port)).toEqual([9202]);
  return endpoints[0]?.away?.map(({ port, sessions }) => [port, sessions]);
}

test("a draining node gets no new sessions, and those on it end as its owner says", () => {
  expect(fateAt(1e12, null)).toEqual([[9201, "stay"]]);
  expect(fateAt(49_999, 60_000)).toEqual([[9201, "stay"]]);
  expect(fateAt(50_000, 60_000)).toEqual([[9201, "close"]]);
  expect(fateAt(59_999, 60_000)).toEqual([[9201, "close"]]);
  expect(fateAt(60_000, 60_000)).toEqual([[9201, "cut"]]);
});

test("shares that are not whole ones are weights", () => {
  const { endpoints } = compile(snapshot([service(1, [9201, 9202])], [endpoint(11, 1)]), (id) =>
    id === uuid(9201) ? 1 : fullWeight,
  );
  expect(endpoints[0]?.nodes.map(({ weight }) => weight)).toEqual([1, undefined]);
});
