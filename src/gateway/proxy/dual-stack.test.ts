import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { ProxyEngine } from "./engine.ts";
import { desiredEndpoint, figuresOf, liveClient, TestClient, TestNode, until } from "./testing.ts";

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

async function start(): Promise<{ engine: ProxyEngine; node: TestNode }> {
  const log = { warn: () => undefined, error: () => undefined };
  const engine = await ProxyEngine.start({ workers: 2, log });
  onTestFinished(() => engine.close());
  const node = await TestNode.start();
  onTestFinished(() => node.stop());
  return { engine, node };
}

/** A port of ::1 that nobody has. */
async function freePort6(): Promise<number> {
  const server = createServer().listen({ host: "::1", port: 0 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test.skipIf(!hasIPv6)("both families of an endpoint share nodes, cap and counters", async () => {
  const { engine, node } = await start();
  const port = await freePort6();
  const endpoint = desiredEndpoint({ address6: "::1", clientPorts: [port], maxSession: 2, nodes: [node] });
  expect(await engine.apply([endpoint])).toEqual({ severedSessions: 0, failures: [] });
  const first = await liveClient(endpoint.address, port);
  const second = await liveClient("::1", port);
  for (const address of [endpoint.address, "::1"]) {
    const late = new TestClient(address, port);
    await until("the late client is reset", () => late.wasReset);
  }
  const figures = figuresOf(engine, endpoint.id);
  expect(figures).toMatchObject({ sessions: 2, newSessions: 2, bytesIn: 10, bytesOut: 10 });
  expect(figures.refusals.session_cap).toBe(2);
  const { address6: _gone, ...single } = endpoint;
  expect(await engine.apply([single])).toEqual({ severedSessions: 1, failures: [] });
  await until("the second client is cut", () => second.wasReset);
  await first.ask("again");
});

test.skipIf(!hasIPv6)("sources are picked by their own family", async () => {
  const { engine, node } = await start();
  const port = await freePort6();
  const open = desiredEndpoint({ address6: "::1", clientPorts: [port], nodes: [node] });
  await engine.apply([open]);
  const [four, six] = [await liveClient(open.address, port), await liveClient("::1", port)];
  expect((await engine.apply([{ ...open, sources: ["127.0.0.0/8"] }])).severedSessions).toBe(1);
  await until("the IPv6 client is cut", () => six.wasReset);
  await four.ask("still here");
  expect((await engine.apply([{ ...open, sources: ["::1"] }])).severedSessions).toBe(1);
  await until("the IPv4 client is cut", () => four.wasReset);
  await liveClient("::1", port);
  const late = new TestClient(open.address, port);
  await until("the late client is reset", () => late.wasReset);
  expect(figuresOf(engine, open.id).refusals.source_not_allowed).toBe(1);
});

test("an IPv6 address that the machine does not have fails with the line that adds it; IPv4 goes on", async () => {
  const { engine, node } = await start();
  const endpoint = desiredEndpoint({ address6: "fd00:dead:beef::7", nodes: [node] });
  const { failures } = await engine.apply([endpoint]);
  expect(failures).toMatchObject([{ endpointId: endpoint.id, code: "address_unavailable" }]);
  expect(failures[0]?.message).toContain("ip -6 address add fd00:dead:beef::7/128 dev lo");
  await liveClient(endpoint.address);
});
