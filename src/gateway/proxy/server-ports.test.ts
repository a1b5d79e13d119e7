import { expect, onTestFinished, test } from "vitest";
import { ProxyEngine } from "./engine.ts";
import { desiredEndpoint, TestClient, TestNode, until } from "./testing.ts";

/** A node that answers everything with its name. */
async function startNode(name: string): Promise<TestNode> {
  const node = await TestNode.start((socket) => socket.on("data", () => socket.write(name)));
  onTestFinished(() => node.stop());
  return node;
}

async function ask(address: string, port: number): Promise<TestClient> {
  const client = new TestClient(address, port);
  client.socket.write("who?");
  await until("the node says its name", () => client.received !== "");
  return client;
}

function mapped(node: TestNode) {
  return { serverPorts: [{ clientPort: 81, serverPort: node.port }] };
}

test("ports lead to different listeners of a node's host; a new mapping cuts the sessions of the old one alone", async () => {
  const log = { warn: () => undefined, error: () => undefined };
  const engine = await ProxyEngine.start({ workers: 2, log });
  onTestFinished(() => engine.close());
  const [search, metrics, other] = [
    await startNode("search"),
    await startNode("metrics"),
    await startNode("other"),
  ];
  const endpoint = desiredEndpoint({ clientPorts: [80, 81], nodes: [search] });

  await engine.apply([{ ...endpoint, ...mapped(metrics) }]);
  const [kept, cut] = [await ask(endpoint.address, 80), await ask(endpoint.address, 81)];
  expect([kept.received, cut.received]).toEqual(["search", "metrics"]);

  const report = await engine.apply([{ ...endpoint, ...mapped(other) }]);
  expect(report).toEqual({ severedSessions: 1, failures: [] });
  await until("the old mapping's client is cut", () => cut.wasReset);
  expect((await ask(endpoint.address, 81)).received).toBe("other");
  const again = kept.received.length;
  kept.socket.write("still?");
  await until("the other port's session lives", () => kept.received.length > again);

  expect((await engine.apply([endpoint])).severedSessions).toBe(1);
  expect((await ask(endpoint.address, 81)).received).toBe("search");
});
