import { expect, test } from "vitest";
import { Image } from "./image.ts";
import { desiredEndpoint } from "./testing.ts";

function takeIn(image: Image, desired: Parameters<Image["grow"]>[0]) {
  const shrunk = image.shrink(desired);
  shrunk.remove.forEach((slot) => image.release(slot));
  const grown = image.grow(desired);
  grown.missing.forEach((key) => image.listening(key));
  return { shrunk, grown };
}

test("an unchanged list is no change", () => {
  const image = new Image(10);
  const desired = [desiredEndpoint({ nodes: [{ host: "127.0.0.1", port: 1 }] }), desiredEndpoint({})];
  takeIn(image, desired);
  expect(takeIn(image, structuredClone(desired))).toEqual({
    shrunk: { remove: [], close: [], set: [] },
    grown: { set: [], missing: [], failures: [] },
  });
});

test("only what changed is sent", () => {
  const image = new Image(10);
  const [same, other] = [desiredEndpoint({}), desiredEndpoint({ clientPorts: [1, 2] })];
  takeIn(image, [same, other]);
  const { shrunk, grown } = takeIn(image, [same, { ...other, maxSession: 7, clientPorts: [2, 3] }]);
  expect(shrunk.set).toMatchObject([{ slot: 1, maxSession: 7 }]);
  expect(shrunk.close).toEqual([{ slot: 1, address: other.address, port: 1 }]);
  expect(grown).toEqual({ set: [], missing: [{ slot: 1, address: other.address, port: 3 }], failures: [] });
});

test("a mapping that changes is sent", () => {
  const image = new Image(10);
  const endpoint = desiredEndpoint({ clientPorts: [80, 81] });
  const mapped = (serverPort: number) => [{ ...endpoint, serverPorts: [{ clientPort: 81, serverPort }] }];
  takeIn(image, [endpoint]);
  expect(takeIn(image, mapped(9600)).shrunk.set).toMatchObject(
    mapped(9600).map(({ serverPorts }) => ({ serverPorts })),
  );
  expect(takeIn(image, mapped(9600)).shrunk.set).toEqual([]);
  expect(takeIn(image, mapped(9601)).shrunk.set).toHaveLength(1);
});

test("what could not be listened on is missing again", () => {
  const image = new Image(10);
  const desired = [desiredEndpoint({})];
  image.grow(desired);
  expect(image.grow(desired).missing).toHaveLength(1);
});

test("beyond the limit an endpoint fails alone, and gets the slot that is freed", () => {
  const image = new Image(2);
  const endpoints = [desiredEndpoint({}), desiredEndpoint({}), desiredEndpoint({})];
  const { grown } = takeIn(image, endpoints);
  expect(grown.failures).toMatchObject([{ endpointId: endpoints[2]?.id, code: "limit" }]);
  const { shrunk, grown: regrown } = takeIn(image, endpoints.slice(1));
  expect([shrunk.remove, regrown.failures]).toEqual([[0], []]);
  expect(regrown.set).toMatchObject([{ slot: 0 }]);
});

test("two endpoints with one address: the first of the list has it, the other fails by name", () => {
  const image = new Image(10);
  const first = desiredEndpoint({});
  const second = desiredEndpoint({ address: first.address });
  const { grown } = takeIn(image, [first, second]);
  expect(grown.missing).toHaveLength(1);
  expect(grown.failures).toMatchObject([{ endpointId: second.id, code: "port_taken" }]);
  expect(grown.failures[0]?.message).toContain(first.id);
});
