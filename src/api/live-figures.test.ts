import { expect, test } from "vitest";
import type { EndpointId, NodeId, ServiceId } from "../domain/ids.ts";
import { zeroFigures } from "../domain/report.ts";
import { LiveFigures } from "./live-figures.ts";
import { listenForFollowers, type Follower } from "./test-follower.ts";
import { startTestServer, type Json } from "./test-server.ts";

/** An owner with a cluster, a consumer with an endpoint to it, and somebody else. */
async function start() {
  const server = await startTestServer();
  const [owner, consumer] = [await server.tenant("owner"), await server.tenant("consumer")];
  const stranger = await server.tenant("stranger");
  const cluster = await owner.open("logs");
  await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: ["*"] });
  const { vpcServiceName } = await cluster.connections();
  const endpoint = await consumer.connect(vpcServiceName);
  const shown = await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}`);
  const node = String((shown.body["nodes"] as Json[])[0]?.["id"]) as NodeId;
  const carry = (sessions: number, id: EndpointId = endpoint): void => {
    const carried = { sessions, newSessions: 7, bytesIn: 1_000, bytesOut: 2_000 };
    server.gateways.figures.set(id, { ...zeroFigures(id), ...carried });
  };
  return { server, owner, consumer, stranger, cluster, endpoint, node, carry };
}

function told(follower: Follower, event: "figures" | "nodes"): readonly Json[] {
  return follower.messages
    .filter((message) => message.event === event)
    .flatMap(
      ({ data }) =>
        (JSON.parse(data) as Record<string, Json[]>)[event === "nodes" ? event : "endpoints"] ?? [],
    );
}

const sessionsTold = (follower: Follower): readonly unknown[] =>
  told(follower, "figures").map(({ endpoint, sessions }) => [endpoint, sessions]);

test("owner and consumer of an endpoint are told what changes of its figures, and nobody else", async () => {
  const { server, owner, consumer, stranger, endpoint, carry } = await start();
  const follow = await listenForFollowers(server);
  carry(3);
  const followers = [await follow(owner, "?figures=1"), await follow(consumer, "?figures=1")];
  const others = [await follow(stranger, "?figures=1"), await follow(owner)];
  for (const follower of followers) {
    await expect.poll(() => sessionsTold(follower)).toEqual([[endpoint, 3]]);
    expect(told(follower, "figures")).toMatchObject([
      { new_sessions: 7, bytes_in: 1_000, bytes_out: 2_000, refusals: { session_cap: 0 } },
    ]);
    expect(follower.messages.find(({ event }) => event === "figures")?.id).toBe("");
  }
  carry(4);
  for (const follower of followers)
    await expect
      .poll(() => sessionsTold(follower))
      .toEqual([
        [endpoint, 3],
        [endpoint, 4],
      ]);
  for (const other of others) expect(told(other, "figures")).toEqual([]);
});

test("an endpoint that no gateway knows any more has none of what it had", async () => {
  const { server, owner, endpoint, carry } = await start();
  const follow = await listenForFollowers(server);
  carry(3);
  const follower = await follow(owner, "?figures=1");
  await expect.poll(() => sessionsTold(follower)).toEqual([[endpoint, 3]]);
  server.gateways.figures.delete(endpoint);
  await expect
    .poll(() => sessionsTold(follower))
    .toEqual([
      [endpoint, 3],
      [endpoint, 0],
    ]);
});

test("an endpoint that is made or deleted meanwhile comes and goes", async () => {
  const { server, owner, consumer, cluster, endpoint, carry } = await start();
  const follow = await listenForFollowers(server);
  const follower = await follow(owner, "?figures=1");
  const { vpcServiceName } = await cluster.connections();
  const second = await consumer.connect(vpcServiceName);
  carry(5, second);
  await expect.poll(() => sessionsTold(follower)).toEqual([[second, 5]]);
  await consumer.call("DELETE", `/postern/v1/{p}/endpoints/${second}`);
  carry(6, second);
  carry(1);
  await expect
    .poll(() => sessionsTold(follower))
    .toEqual([
      [second, 5],
      [endpoint, 1],
    ]);
});

test("the owner alone is told how his nodes are", async () => {
  const { server, owner, consumer, cluster, node, carry } = await start();
  const follow = await listenForFollowers(server);
  carry(1);
  const [his, theirs] = [await follow(owner, "?figures=1"), await follow(consumer, "?figures=1")];
  await expect
    .poll(() => told(his, "nodes"))
    .toMatchObject([{ cluster: cluster.id, id: node, state: "serving" }]);
  const serviceId = "s" as ServiceId;
  server.gateways.nodes.set(node, { serviceId, nodeId: node, healthy: false, detail: "ECONNREFUSED" });
  await expect
    .poll(() => told(his, "nodes").at(-1))
    .toMatchObject({ id: node, state: "down", healthy: false, detail: "ECONNREFUSED" });
  await owner.call("POST", `/postern/v1/{p}/clusters/${cluster.id}/nodes/${node}/drain`, { force: true });
  await expect.poll(() => told(his, "nodes").at(-1)).toMatchObject({ id: node, state: "draining" });
  expect(told(his, "nodes")).toHaveLength(3);
  await expect.poll(() => told(theirs, "figures")).toHaveLength(1);
  expect(told(theirs, "nodes")).toEqual([]);
});

test("who takes nothing is sent nothing more, and then only how it is by now", async () => {
  const { server, owner, endpoint, carry } = await start();
  const figures = new LiveFigures(server.store, server.gateways, 5);
  const sent: string[] = [];
  let [isReady, looks] = [false, 0];
  const stop = figures.follow({
    projectId: owner.projectId,
    isReady: () => {
      looks += 1;
      return isReady;
    },
    send: (text) => sent.push(text),
  });
  for (const sessions of [1, 2, 3]) {
    carry(sessions);
    const before = looks;
    await expect.poll(() => looks).toBeGreaterThan(before + 1);
  }
  expect(sent).toEqual([]);
  isReady = true;
  await expect.poll(() => sent.filter((text) => text.startsWith("event: figures"))).toHaveLength(1);
  expect(sent.at(-1)).toContain(`{"endpoint":"${endpoint}","sessions":3,`);
  stop();
});
