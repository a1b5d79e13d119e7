import { expect, test } from "vitest";
import type { NodeId } from "../../domain/ids.ts";
import { endpointId, nodeId, uuid, vpcId } from "../../domain/test-fixtures.ts";
import { aNamedSnapshot, aView, name, otherVpcId, reachable, zone } from "./test-dns.ts";
import type { AddressRecords } from "./records.ts";
import { views } from "./view.ts";
import { nameKey, type } from "./wire.ts";

const published = "127.80.0.2";

/** Returns the IPv4 address of a name, or what there is instead. */
function addressOf(records: AddressRecords | "unknown" | undefined): unknown {
  return typeof records === "object" ? records.section(type.a)?.bytes.subarray(-4).join(".") : records;
}

function nameIn(...args: Parameters<typeof aView>): unknown {
  return addressOf(aView(...args).names.get(nameKey(name)));
}

test("each network sees its own endpoints' names, and its own name server", () => {
  const all = views(aNamedSnapshot(), reachable, 5);
  const addresses = [...all].map(([id, { names }]) => [id, [...names.values()].map(addressOf)]);
  expect(addresses).toEqual([
    [vpcId, ["127.80.0.10", "127.80.0.2"]],
    [otherVpcId, ["127.81.0.10", "127.81.0.2"]],
  ]);
  expect(all.get(vpcId)?.names.has(nameKey(`ns.${zone}`))).toBe(true);
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

test("a snapshot of a server that knows nothing of names has no view", () => {
  const { dns: _none, ...old } = aNamedSnapshot();
  expect(views(old, reachable, 5).size).toBe(0);
});

test("a revision that does not fit into a serial goes on from 0", () => {
  const late = aView(aNamedSnapshot(2 ** 32 + 3));
  expect(late.zone.soa.bytes.readUInt32BE(late.zone.soa.bytes.length - 20)).toBe(3);
});
