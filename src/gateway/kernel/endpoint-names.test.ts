import { expect, test } from "vitest";
import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import { serviceId, uuid, vpcId } from "../../domain/test-fixtures.ts";
import { EndpointNames } from "./endpoint-names.ts";

function endpoint(n: number, number = n): DesiredEndpoint {
  const kernel = { network: vpcId, service: serviceId, number };
  const id = uuid(n) as EndpointId;
  return { id, address: "10.0.0.9", clientPorts: [9200], maxSession: 9, refusal: null, nodes: [], kernel };
}

test("knows endpoints by their numbers, and those that were removed for a minute more", () => {
  let now = 0;
  const names = new EndpointNames(() => now);
  const { kernel: _kernel, ...looped } = endpoint(3);
  names.learn([endpoint(1), endpoint(2), looped]);
  expect([1, 2, 3].map((number) => names.nameOf(number)?.endpointId)).toEqual([uuid(1), uuid(2), undefined]);
  names.learn([endpoint(2)]);
  expect(names.nameOf(1)).toMatchObject({ endpointId: uuid(1), network: vpcId });
  expect([names.numberOf(uuid(1) as EndpointId), names.numberOf(uuid(2) as EndpointId)]).toEqual([
    undefined,
    2,
  ]);
  now = 59_999;
  names.learn([endpoint(2)]);
  expect(names.nameOf(1)).toBeDefined();
  now = 60_000;
  names.learn([endpoint(2)]);
  expect(names.nameOf(1)).toBeUndefined();
});

test("a number that is given anew is the new one's", () => {
  const names = new EndpointNames(() => 0);
  names.learn([endpoint(1)]);
  names.learn([]);
  names.learn([endpoint(4, 1)]);
  expect(names.nameOf(1)?.endpointId).toBe(uuid(4));
});
