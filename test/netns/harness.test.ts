import { spawn } from "node:child_process";
import { once } from "node:events";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Capture } from "../support/netns/capture.ts";
import type { ConsumerProcedures } from "../support/netns/consumer-program.ts";
import { run, sweepNamespaces, testNamespaces } from "../support/netns/namespace.ts";
import type { NodeProcedures } from "../support/netns/node-program.ts";
import { Remote } from "../support/netns/remote.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { buildTopology } from "../support/netns/topology.ts";

/** The harness of the other files: what they show is worth nothing where these networks do not carry. */

let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

test("a consumer reaches a node through plain routing, and nothing is left afterwards", async () => {
  const topology = await buildTopology({
    nodes: ["10.8.0.11/24", "10.8.0.12/24"],
    gateway: "10.8.0.2/24",
    consumers: [{ name: "a", address: "10.9.0.50/24" }],
  });
  const names = [
    topology.gateway,
    topology.provider,
    ...topology.consumers.map((each) => each.namespace),
  ].map(({ name }) => name);
  const [consumer] = topology.consumers;
  if (!consumer) throw new Error("The topology has no consumer");
  try {
    expect(await testNamespaces()).toEqual(expect.arrayContaining(names));
    await topology.gateway.ip(`address add 10.9.0.1/24 dev ${consumer.device}`);
    await topology.gateway.sysctl({ "net.ipv4.ip_forward": 1 });
    await consumer.namespace.ip("route add default via 10.9.0.1");
    await topology.provider.ip("route add default via 10.8.0.2");
    const nodes = await Remote.start<NodeProcedures>(topology.provider, "node");
    const client = await Remote.start<ConsumerProcedures>(consumer.namespace, "consumer");
    await nodes.call("start", "10.8.0.12", 9200);

    const capture = await Capture.start(consumer.namespace);
    const body = await client.call("get", { ip: "10.8.0.12", port: 9200 }, "/who");
    expect(body).toContain("/who");
    expect(await nodes.call("seen", "/who")).toEqual([{ node: "node-10.8.0.12", source: "10.9.0.50" }]);
    expect(await client.call("probe", { ip: "10.8.0.11", port: 9200 }, 5_000)).toBe("ECONNREFUSED");
    const { admitted, refused } = await client.call("open", { ip: "10.8.0.12", port: 9200 }, 5);
    expect([admitted.length, refused]).toEqual([5, {}]);
    await client.call("stream", admitted);
    const [first] = await client.call("finishStreams");
    expect(first?.received).toEqual(first?.sent);

    // One hop: what a consumer of Postern must not be able to tell.
    const frame = { kind: "ipv4", source: "10.8.0.12", destination: "10.9.0.50", ttl: 63, protocol: 6 };
    await eventually(async () => (await capture.frames()).length > 10, {
      what: "the frames of the sessions",
    });
    expect(await capture.frames()).toContainEqual(expect.objectContaining(frame));
    await capture.stop();
    await client.stop();
    await nodes.stop();
  } finally {
    await topology.remove();
  }
  expect((await testNamespaces()).filter((name) => names.includes(name))).toEqual([]);
});

test("what a dead run has left is swept, and what a living one uses is not", async () => {
  const gone = spawn("true");
  await once(gone, "exit");
  const orphan = `pt-net-${gone.pid}-1-gateway`;
  const own = `pt-net-${process.pid}-99-gateway`;
  await run("ip", ["netns", "add", orphan]);
  await run("ip", ["netns", "add", own]);
  try {
    expect(await sweepNamespaces()).toContain(orphan);
    expect(await testNamespaces()).toContain(own);
    expect(await testNamespaces()).not.toContain(orphan);
  } finally {
    await run("ip", ["netns", "delete", own]);
  }
});
