import { describe, expect, test } from "vitest";
import type { NodeId } from "../../domain/ids.ts";
import { newUuid, type GatewayId, type ServiceId } from "../../domain/ids.ts";
import { buildSnapshot } from "../../domain/build-snapshot.ts";
import { refusal, startTestServer, type Answer, type Json, type Tenant } from "../test-server.ts";

async function start() {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const cluster = await owner.register("logs", { nodes: ["http://10.0.0.5:9200", "http://10.0.0.6:9200"] });
  const path = `/postern/v1/{p}/clusters/${cluster.id}`;
  const shown = async (): Promise<Json[]> => (await owner.call("GET", path)).body["nodes"] as Json[];
  const [one = "", two = ""] = (await shown()).map((node) => String(node["id"]));
  const drain = (id: string, body: Json = {}, headers = {}, by: Tenant = owner): Promise<Answer> =>
    by.call("POST", `${path}/nodes/${id}/drain`, body, headers);
  const undrain = (id: string): Promise<Answer> => owner.call("POST", `${path}/nodes/${id}/undrain`);
  return { server, owner, cluster, shown, one, two, drain, undrain };
}

describe("draining a node", () => {
  test("shows since when, until when and how many sessions it has; undraining ends that", async () => {
    const { server, shown, one, drain, undrain } = await start();
    const gateways = server.gateways;
    const answer = await drain(one, { timeout_seconds: 90 });
    expect(answer.body).toMatchObject({ id: one, state: "draining" });
    expect(answer.headers["x-postern-enforced"]).toBe("true");
    const { since, cut_at: cutAt } = answer.body["drain"] as { since: string; cut_at: string };
    expect(Date.parse(cutAt) - Date.parse(since)).toBe(90_000);
    gateways.onNodes.set(one as NodeId, { sessions: 3 });
    expect((await shown())[0]).toMatchObject({ state: "draining", sessions: 3 });
    gateways.onNodes.set(one as NodeId, { sessions: 0 });
    expect((await shown())[0]).toMatchObject({ state: "drained", sessions: 0 });
    expect((await undrain(one)).body).toMatchObject({ state: "serving" });
    expect((await shown())[0]).not.toHaveProperty("drain");
  });

  test("a rehearsal tells how many may be cut at the end of the time, and drains nothing", async () => {
    const { server, cluster, shown, one, drain } = await start();
    await cluster.call("POST", "/vpcepservice/open", {});
    server.gateways.onNodes.set(one as NodeId, { sessions: 3 });
    const rehearsed = { "x-postern-dry-run": "true" };
    const timed = await drain(one, { timeout_seconds: 60 }, rehearsed);
    expect(timed.body).toMatchObject({ sessions_cut: 0, sessions_cut_up_to: 3 });
    expect((await drain(one, {}, rehearsed)).body).not.toHaveProperty("sessions_cut_up_to");
    expect((await shown())[0]).toMatchObject({ state: "serving" });
  });

  test("what a node has carried is shown where the gateways can tell it", async () => {
    const { server, shown, one } = await start();
    const traffic = { newSessions: 7, bytesIn: 10, bytesOut: 100 };
    server.gateways.onNodes.set(one as NodeId, { sessions: 3, traffic });
    expect((await shown())[0]).toMatchObject({ sessions: 3, new_sessions: 7, bytes_in: 10, bytes_out: 100 });
    server.gateways.onNodes.set(one as NodeId, { sessions: 3 });
    expect((await shown())[0]).not.toHaveProperty("bytes_in");
  });

  test("reaches the snapshot with absolute times, and without a limit with none", async () => {
    const { server, cluster, one, two, drain } = await start();
    await cluster.call("POST", "/vpcepservice/open", {});
    await drain(one, { timeout_seconds: 5 });
    await drain(two, { force: true });
    const now = server.clock.now();
    const state = await server.store.read((tx) => tx.desiredState());
    const place = { region: "r", zone: "z" };
    const { services } = buildSnapshot(state, newUuid<GatewayId>(), place, (sealed) => sealed);
    expect(services[0]?.nodes.map((node) => node.drain)).toEqual([
      { since: now, cutAt: now + 5_000 },
      { since: now, cutAt: null },
    ]);
  });

  test("the last one that serves is refused, with the reason, unless it is forced", async () => {
    const { one, two, drain, shown } = await start();
    await drain(one);
    const refused = await drain(two);
    expect(refusal(refused)).toBe("400 CSS.5090");
    expect(refused.text).toContain("last node of cluster logs that serves");
    expect((await shown())[1]).toMatchObject({ state: "serving" });
    expect((await drain(two, { force: true })).status).toBe(200);
  });

  test("a node that is down does not count as serving", async () => {
    const { server, one, two, drain } = await start();
    server.gateways.nodes.set(one as NodeId, {
      serviceId: newUuid<ServiceId>(),
      nodeId: one as NodeId,
      healthy: false,
      detail: "ECONNREFUSED",
    });
    expect(refusal(await drain(two))).toBe("400 CSS.5090");
    expect((await drain(one)).status).toBe(200);
  });

  test("twice begins the time limit anew", async () => {
    const { server, one, drain } = await start();
    await drain(one, { timeout_seconds: 10 });
    server.clock.advance(5_000);
    const { body } = await drain(one);
    expect(body["drain"]).toEqual({
      since: new Date(server.clock.now()).toISOString().replace(".000Z", "Z"),
    });
  });

  test.each([{ timeout_seconds: -1 }, { timeout_seconds: 86_401 }, { timeout_seconds: 1.5 }, { force: 7 }])(
    "%j is refused",
    async (body) => {
      const { one, drain, shown } = await start();
      expect((await drain(one, body)).status).toBe(400);
      expect((await shown())[0]).toMatchObject({ state: "serving" });
    },
  );

  test("a node of another cluster, or of another project, is not found", async () => {
    const { server, owner, drain, one } = await start();
    const other = await owner.register("other");
    const nodes = (await owner.call("GET", `/postern/v1/{p}/clusters/${other.id}`)).body["nodes"] as Json[];
    expect(refusal(await drain(String(nodes[0]?.["id"])))).toBe("404 CSS.0016");
    expect(refusal(await drain(one, {}, {}, await server.tenant("stranger")))).toBe("403 CSS.0015");
  });
});
