import { connect } from "node:net";
import { onTestFinished, expect, test } from "vitest";
import { ProxyEngine } from "./engine.ts";
import { desiredEndpoint, figuresOf, liveClient, TestClient, TestNode, until } from "./testing.ts";

async function start(): Promise<{ engine: ProxyEngine; node: TestNode }> {
  const log = { warn: () => undefined, error: () => undefined };
  const engine = await ProxyEngine.start({ workers: 2, log });
  onTestFinished(() => engine.close());
  const node = await TestNode.start();
  onTestFinished(() => node.stop());
  return { engine, node };
}

test("a source off the list is refused by its reason, and a list that changes cuts the others alone", async () => {
  const { engine, node } = await start();
  const open = desiredEndpoint({ nodes: [node] });
  await engine.apply([open]);
  const first = await liveClient(open.address);
  const other = connect({ host: open.address, port: 9200, localAddress: "127.0.0.9" });
  other.on("error", () => undefined);
  let answer = "";
  other.on("data", (chunk) => (answer += chunk.toString()));
  other.write("hello");
  await until("the other source is served", () => answer === "hello");

  const narrowed = { ...open, sources: ["127.0.0.8/30"] };
  expect(await engine.apply([narrowed])).toEqual({ severedSessions: 1, failures: [] });
  await until("the first client is cut", () => first.wasReset);
  other.write("again");
  await until("the other source is still served", () => answer === "helloagain");
  const late = new TestClient(open.address);
  await until("the late client is reset", () => late.wasReset);
  expect(figuresOf(engine, open.id).refusals.source_not_allowed).toBe(1);
  expect(await engine.apply([narrowed])).toEqual({ severedSessions: 0, failures: [] });

  expect((await engine.apply([{ ...open, sources: [] }])).severedSessions).toBe(1);
  await engine.apply([open]);
  await (await liveClient(open.address)).ask("everybody again");
});
