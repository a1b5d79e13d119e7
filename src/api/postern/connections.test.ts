import { describe, expect, test } from "vitest";
import { someFigures } from "../../domain/test-fixtures.ts";
import { refusal, startTestServer, type Json, type TestCluster } from "../test-server.ts";

async function openCluster(wish = {}): Promise<TestCluster> {
  return (await (await startTestServer()).tenant("owner")).open("logs", wish);
}

function pathOf(cluster: TestCluster): string {
  return `/postern/v1/{p}/clusters/${cluster.id}/connections`;
}

test("the owner's list has every connection with live figures, newest first, in pages", async () => {
  const cluster = await openCluster();
  const { owner } = cluster;
  owner.server.clock.advance(1_000);
  const id = await owner.connect("logs");
  owner.server.gateways.figures.set(id, someFigures({ endpointId: id, sessions: 7 }));
  const { body, headers } = await owner.call("GET", pathOf(cluster));
  expect(body).toMatchObject({ connections: [{ id, sessions: 7 }, { sessions: 0 }], total_count: 2 });
  const seen = { "if-none-match": String(headers["etag"]) };
  expect((await owner.call("GET", pathOf(cluster), undefined, seen)).status).toBe(304);
  owner.server.gateways.figures.set(id, someFigures({ endpointId: id, sessions: 8 }));
  expect((await owner.call("GET", pathOf(cluster), undefined, seen)).status).toBe(200);
  const page = await owner.call("GET", `${pathOf(cluster)}?offset=0&limit=1`);
  expect(page.body).toMatchObject({ connections: [{ id }], total_count: 2 });
  expect(page.body["connections"]).toHaveLength(1);
});

test("what the owner has noted of a connection is in his list, and not in what its consumer sees", async () => {
  const cluster = await openCluster();
  const { owner } = cluster;
  const { vpcServiceName } = await cluster.connections();
  const id = await owner.connect("logs");
  const path = `/v1/{p}/vpc-endpoint-services/${vpcServiceName.split(".")[2]}/connections/description`;
  await owner.call("PUT", path, { connections: [{ id, description: "The shop's" }] });
  const { body } = await owner.call("GET", pathOf(cluster));
  const rows = body["connections"] as Json[];
  expect(rows.find((row) => row["id"] === id)).toHaveProperty("owner_note", "The shop's");
  expect(rows.find((row) => row["id"] !== id)).not.toHaveProperty("owner_note");
  expect((await owner.call("GET", `/postern/v1/{p}/endpoints/${id}`)).body).not.toHaveProperty("owner_note");
});

test("there is none where the service is not enabled", async () => {
  const cluster = await openCluster();
  await cluster.call("PUT", "/vpcepservice/close");
  expect(refusal(await cluster.owner.call("GET", pathOf(cluster)))).toBe("400 CSS.5182");
});

async function setCap(cluster: TestCluster, body: unknown) {
  const [own] = (await cluster.connections()).connections;
  return cluster.owner.call("PUT", `${pathOf(cluster)}/${own?.id}`, body);
}

describe("the cap", () => {
  test("is set, shown on both sides, and leaves its time", async () => {
    const cluster = await openCluster();
    cluster.owner.server.clock.advance(60_000);
    const answer = await setCap(cluster, { max_session: 7 });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ max_session: 7, updated_at: "2026-01-02T03:05:05Z" });
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
    expect((await cluster.connections()).connections).toMatchObject([{ maxSession: "7" }]);
  });

  test("goes up to what the service is sold as", async () => {
    const basic = await openCluster();
    expect((await setCap(basic, { max_session: 3000 })).status).toBe(200);
    expect(refusal(await setCap(basic, { max_session: 3001 }))).toBe("400 CSS.5038");
    const large = await openCluster({ profession_vpcep: true });
    expect((await setCap(large, { max_session: 1_000_000 })).status).toBe(200);
  });

  test.each([
    [{}, "CSS.5037"],
    [{ max_session: 0 }, "CSS.5038"],
    [{ max_session: -1 }, "CSS.5038"],
    [{ max_session: 1_000_001 }, "CSS.5038"],
    [{ max_session: "5" }, "CSS.0001"],
    [{ max_session: 1.5 }, "CSS.0001"],
    [{ max_session: null }, "CSS.0001"],
  ])("%j is refused", async (body, code) => {
    const cluster = await openCluster();
    const answer = await setCap(cluster, body);
    expect(refusal(answer)).toBe(`400 ${code}`);
    expect(answer.body["error_msg"]).toContain("max_session");
    expect((await cluster.connections()).connections).toMatchObject([{ maxSession: "3000" }]);
  });

  test("of rates is set, kept and taken away where the kernel carries, and refused on loopback", async () => {
    const cluster = await openCluster();
    const { owner } = cluster;
    const loopback = await setCap(cluster, { max_session: 9, max_bandwidth: 20_000 });
    expect([refusal(loopback), loopback.body["error_msg"]]).toEqual([
      "400 CSS.5140",
      expect.stringContaining("loopback"),
    ]);
    expect((await setCap(cluster, { max_session: 9, max_bandwidth: null })).status).toBe(200);
    const wish = { name: "cloud", cidr: "10.0.0.0/24", attachment: { kind: "none" } };
    const { body: vpc } = await owner.call("POST", "/postern/v1/{p}/vpcs", wish);
    const url = `${pathOf(cluster)}/${await owner.connect("logs", { vpc_id: vpc["id"] })}`;
    const set = (body: object) => owner.call("PUT", url, { max_session: 9, ...body });
    const rates = { max_connection_rate: 50, max_bandwidth: 20_000 };
    expect((await set(rates)).body).toMatchObject(rates);
    expect((await set({})).body).toMatchObject(rates);
    const without = (await set({ max_connection_rate: null })).body;
    expect(without).toMatchObject({ max_bandwidth: 20_000 });
    expect(without).not.toHaveProperty("max_connection_rate");
    for (const wrong of [{ max_connection_rate: 0 }, { max_bandwidth: 9_999 }, { max_bandwidth: "1" }]) {
      expect((await set(wrong)).status).toBe(400);
    }
  });

  test("of a connection of another cluster is refused", async () => {
    const cluster = await openCluster();
    const other = await cluster.owner.open("metrics");
    const [theirs] = (await other.connections()).connections;
    const answer = await cluster.owner.call("PUT", `${pathOf(cluster)}/${theirs?.id}`, { max_session: 7 });
    expect(refusal(answer)).toBe("400 CSS.0001");
    expect((await other.connections()).connections).toMatchObject([{ maxSession: "3000" }]);
  });
});
