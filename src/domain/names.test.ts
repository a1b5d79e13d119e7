import { expect, test } from "vitest";
import { newHexId, newUuid, type AccountId, type EndpointId, type ServiceId } from "./ids.ts";
import { endpointDnsName, endpointServiceName, isZoneName } from "./names.ts";

test("a service is named after region, cluster and id", () => {
  const id = "cf072729-b076-49db-83d3-020dc9f589bd" as ServiceId;
  expect(endpointServiceName("cn-north-4", "css-op-no-delete", id)).toBe(
    "cn-north-4.css-op-no-delete.cf072729-b076-49db-83d3-020dc9f589bd",
  );
});

test("the cluster's part of it is cut at 16 characters", () => {
  expect(endpointServiceName("r", "a-name-of-more-than-16", "id" as ServiceId)).toBe("r.a-name-of-more-t.id");
});

test("an endpoint's private name carries id, region and zone", () => {
  expect(endpointDnsName("e1" as EndpointId, "r", "postern.internal")).toBe("vpcep-e1.r.postern.internal");
});

test("ids have the published forms and are new each time", () => {
  expect(newUuid<ServiceId>()).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(newHexId<AccountId>()).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(Array.from({ length: 100 }, () => newHexId<AccountId>())).size).toBe(100);
});

test.each([
  ["postern.internal", true],
  ["lan", true],
  [`${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(18)}`, true],
  [`${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(19)}`, false],
  ["a".repeat(64), false],
  ["Postern.internal", false],
  ["postern..internal", false],
  ["postern.internal.", false],
  ["-postern.internal", false],
  ["pos_tern.internal", false],
  ["", false],
])("whether names can lie below %s: %s", (text, isZone) => {
  expect(isZoneName(text)).toBe(isZone);
});
