import { expect, test } from "vitest";
import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import { roomFor } from "./room.ts";

const endpoints = ["a", "b", "c"].map((id): DesiredEndpoint => ({
  id: id as EndpointId,
  address: "10.0.0.1",
  clientPorts: [9200],
  maxSession: 1,
  refusal: null,
  nodes: [],
}));

test("as many endpoints as there is room for are carried as they are", () => {
  expect(roomFor(endpoints, 3)).toEqual({ carried: endpoints, failures: [] });
  expect(roomFor(endpoints, 3).carried).toBe(endpoints);
});

test("what is beyond fails, and says why", () => {
  const { carried, failures } = roomFor(endpoints, 2);
  expect(carried).toEqual(endpoints.slice(0, 2));
  expect(failures).toMatchObject([{ endpointId: "c", code: "limit" }]);
  expect(failures[0]?.message).toContain("room for 2 endpoints");
});
