import { expect, test } from "vitest";
import type { EndpointId, NodeId } from "../../domain/ids.ts";
import type { Snapshot, SnapshotEndpoint } from "../../domain/snapshot.ts";
import { endpointId, nodeId, uuid, vpcId } from "../../domain/test-fixtures.ts";
import {
  aNamedSnapshot,
  aView,
  name,
  nameOf,
  otherEndpointId,
  otherVpcId,
  reachable,
  zone,
} from "./test-dns.ts";
import type { AddressRecords } from "./records.ts";
import { Views } from "./view.ts";
import { nameKey, type } from "./wire.ts";

const published = "127.80.0.2";

/** Returns the IPv4 address of a name, or what there is instead. */
function addressOf(records: AddressRecords | "unknown" | undefined): unknown {
  return typeof records === "object" ? records.section(type.a)?.bytes.subarray(-4).join(".") : records;
}

function nameIn(...args: Parameters<typeof aView>): unknown {
  return addressOf(aView(...args).find(nameKey(name)));
}

test("each network sees its own endpoints' names, and its own name server", () => {
  const all = new Views(() => true, 5).update(aNamedSnapshot(), new Set());
  const keys = [`ns.${zone}`, name, nameOf(otherEndpointId), zone, "ns", `x.${name}`].map(nameKey);
  expect([...all].map(([id, view]) => [id, keys.map((key) => addressOf(view.find(key)))])).toEqual([
    [vpcId, ["127.80.0.10", "127.80.0.2", undefined, undefined, undefined, undefined]],
    [otherVpcId, ["127.81.0.10", undefined, "127.81.0.2", undefined, undefined, undefined]],
  ]);
});

test("names are listed as they are found", () => {
  const state = { isHealthy: true as boolean | null };
  const all = new Views(() => state.isHealthy, 5);
  const list = (failed: readonly EndpointId[] = []): unknown => {
    all.update(aNamedSnapshot(7, { address6: "fd00::2" }), new Set(failed));
    return [...all.names(vpcId)];
  };
  expect(list()).toEqual([[endpointId, [published, "fd00::2"]]]);
  expect(list([endpointId])).toEqual([]);
  state.isHealthy = null;
  expect(list()).toEqual([[endpointId, "unknown"]]);
  state.isHealthy = false;
  expect(list()).toEqual([]);
});

test("entries that come and go, and those that are others of the same id, are told apart", () => {
  const all = new Views(() => true, 5);
  const find = (snapshot: Snapshot): unknown => {
    const view = all.update(snapshot, new Set()).get(vpcId);
    return addressOf(view?.find(nameKey(name)));
  };
  const first = aNamedSnapshot();
  expect(find(first)).toBe(published);
  expect(find({ ...first, endpoints: [...first.endpoints] })).toBe(published);
  expect(find(aNamedSnapshot(8, { address: "127.80.0.9" }))).toBe("127.80.0.9");
  const { hasName: _none, ...nameless } = first.endpoints[0] as SnapshotEndpoint;
  expect(find({ ...first, endpoints: [nameless] })).toBeUndefined();
  expect(find(first)).toBe(published);
  expect(find({ ...first, endpoints: [] })).toBeUndefined();
});

test("there is a name while its endpoint admits connections and is up, and where it has one", () => {
  expect(nameIn()).toEqual(published);
  for (const refusal of ["not_accepted", "not_whitelisted", "service_closed"] as const)
    expect(nameIn(aNamedSnapshot(7, { refusal }))).toBeUndefined();
  expect(nameIn(aNamedSnapshot(), { ...reachable, failed: new Set([endpointId]) })).toBeUndefined();
  const { hasName: _none, ...nameless } = aNamedSnapshot().endpoints[0] ?? {};
  expect(nameIn({ ...aNamedSnapshot(), endpoints: [nameless as never] })).toBeUndefined();
});

test("one node that serves is enough; one that was not asked yet may turn out to", () => {
  const second = uuid(90) as NodeId;
  const [service] = aNamedSnapshot().services;
  const nodes = [nodeId, second].map((id) => ({ id, host: "127.0.0.1", port: 9 }));
  const snapshot = { ...aNamedSnapshot(), services: [{ ...service, nodes } as never] };
  const cases = [
    [true, false, published],
    [false, true, published],
    [null, true, published],
    [false, null, "unknown"],
    [false, false, undefined],
  ] as const;
  for (const [one, other, seen] of cases) {
    const isHealthy = (id: NodeId): boolean | null => (id === nodeId ? one : other);
    expect(nameIn(snapshot, { ...reachable, isHealthy })).toEqual(seen);
  }
});

test("a draining node does not count as one that serves", () => {
  const drain = { since: 1, cutAt: null };
  const snapshot = aNamedSnapshot();
  const services = snapshot.services.map((service) => ({
    ...service,
    nodes: service.nodes.map((node) => ({ ...node, drain })),
  }));
  expect(nameIn(snapshot)).toBe(published);
  expect(nameIn({ ...snapshot, services })).toBeUndefined();
});

test("a snapshot of a server that knows nothing of names has no view", () => {
  const { dns: _none, ...old } = aNamedSnapshot();
  expect(new Views(() => true, 5).update(old, new Set()).size).toBe(0);
});

test("a revision that does not fit into a serial goes on from 0", () => {
  const late = aView(aNamedSnapshot(2 ** 32 + 3));
  expect(late.zone.soa.bytes.readUInt32BE(late.zone.soa.bytes.length - 20)).toBe(3);
});

test("names of owners' own follow the endpoints that come and go", () => {
  const all = new Views(() => true, 5);
  const find = (change: (snapshot: Snapshot) => Snapshot): unknown => {
    const snapshot = aNamedSnapshot();
    const services = snapshot.services.map((service) => ({ ...service, domains: ["logs.example.com"] }));
    const view = all.update(change({ ...snapshot, services }), new Set()).get(vpcId);
    return addressOf(view?.findDomain(nameKey("logs.example.com"))?.records);
  };
  expect(find((snapshot) => snapshot)).toBe(published);
  expect(find((snapshot) => ({ ...snapshot, endpoints: [] }))).toBeUndefined();
  const moved = { address: "127.80.0.9" };
  expect(
    find((snapshot) => ({ ...snapshot, endpoints: snapshot.endpoints.map((one) => ({ ...one, ...moved })) })),
  ).toBe("127.80.0.9");
  expect(find((snapshot) => ({ ...snapshot, services: aNamedSnapshot().services }))).toBeUndefined();
});
