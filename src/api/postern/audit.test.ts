import { describe, expect, test } from "vitest";
import {
  startTestServer,
  type Json,
  type Tenant,
  type TestCluster,
  type TestServer,
} from "../test-server.ts";

interface Event extends Json {
  readonly seq: number;
  readonly action: string;
  readonly changes: readonly { resource: string; before: Json | null; after: Json | null }[];
}

async function events(tenant: Tenant, query = "", path = "/postern/v1/{p}/audit"): Promise<readonly Event[]> {
  const answer = await tenant.call("GET", `${path}${query}`);
  expect(answer.status).toBe(200);
  return answer.body["events"] as Event[];
}

async function allow(cluster: TestCluster, account: string): Promise<void> {
  const answer = await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [account] });
  expect(answer.status).toBeLessThan(300);
}

/** An owner with a cluster, and two consumers with an endpoint each. */
async function startScene() {
  const server = await startTestServer();
  const owner = await server.tenant("owner", true);
  const [one, other] = [await server.tenant("one"), await server.tenant("other")];
  const cluster = await owner.open("logs", { endpoint_with_dns_name: false });
  await allow(cluster, "*");
  server.clock.advance(60_000);
  const { vpcServiceName: service } = await cluster.connections();
  const connect = async (tenant: Tenant) => {
    const made = await tenant.call("POST", "/postern/v1/{p}/endpoints", { service });
    expect(made.status).toBeLessThan(300);
    return String(made.body["id"]);
  };
  const ids = { one: await connect(one), other: await connect(other) };
  await server.attachAll();
  return { server, owner, one, other, cluster, ids };
}

describe("the trail of a project", () => {
  test("tells who did what from where, with what was and what became", async () => {
    const { owner, cluster, ids } = await startScene();
    await cluster.call("POST", "/vpcepservice/connections", {
      action: "reject",
      endpoint_id_list: [ids.one],
    });
    const [latest] = await events(owner);
    expect(latest).toMatchObject({
      action: "updateVpcepConnection",
      account_id: owner.accountId,
      project_id: owner.projectId,
      source: "127.0.0.1",
      changes: [
        {
          resource: `endpoint/${ids.one}`,
          before: { approval: "accepted", rejected_by: null },
          after: { approval: "rejected", rejected_by: "owner" },
        },
      ],
    });
  });

  test("shows a consumer what became of his own, and nothing of the owner or of other tenants", async () => {
    const { owner, one, other, cluster, ids } = await startScene();
    await cluster.call("POST", "/vpcepservice/connections", {
      action: "reject",
      endpoint_id_list: [ids.one, ids.other],
    });
    const [latest, ...before] = await events(one);
    expect(latest).toEqual({
      seq: expect.any(Number),
      at: expect.any(String),
      action: "updateVpcepConnection",
      changes: [
        expect.objectContaining({
          resource: `endpoint/${ids.one}`,
          after: expect.objectContaining({ approval: "rejected" }),
        }),
      ],
    });
    expect(latest?.changes[0]?.after).not.toHaveProperty("owner_note");
    const everything = JSON.stringify([latest, ...before]);
    for (const secret of [
      owner.projectId,
      other.projectId,
      other.accountId,
      ids.other,
      cluster.id,
      "10.0.0.5",
    ]) {
      expect(everything).not.toContain(secret);
    }
    // Nor by trying names out.
    expect(await events(one, `?resource=endpoint/${ids.other}`)).toEqual([]);
    expect(await events(one, `?resource=cluster/${cluster.id}`)).toEqual([]);
    expect(await events(other, `?resource=endpoint/${ids.other}`)).toHaveLength(3);
  });

  test("is filtered by time, actor, action and resource, and read page by page", async () => {
    const { server, owner, ids, cluster } = await startScene();
    server.clock.advance(60_000);
    const since = new Date(server.clock.now()).toISOString();
    await allow(cluster, "nobody");
    const all = await events(owner, "?limit=1000");
    expect((await events(owner, `?from=${since}`)).map(({ action }) => action)).toEqual([
      "updateVpcepWhitelist",
    ]);
    expect(await events(owner, `?to=${since}`)).toHaveLength(all.length);
    expect(await events(owner, "?action=startVpcep")).toHaveLength(1);
    expect(await events(owner, "?actor=nobody")).toEqual([]);
    expect(
      (await events(owner, `?resource=endpoint/${ids.one}`)).map(({ changes }) => changes.length),
    ).not.toContain(0);
    const pages: Event[] = [];
    for (let before = ""; ;) {
      const { body } = await owner.call("GET", `/postern/v1/{p}/audit?limit=2${before}`);
      pages.push(...(body["events"] as Event[]));
      if (body["next"] === undefined) break;
      before = `&before=${body["next"] as number}`;
    }
    expect(pages).toEqual(all);
  });

  test("can be had as lines of JSON, oldest first", async () => {
    const { one } = await startScene();
    const answer = await one.call("GET", "/postern/v1/{p}/audit/export");
    expect(answer.headers["content-type"]).toContain("application/x-ndjson");
    const lines = answer.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    expect(lines).toEqual((await events(one)).toReversed());
  });
});

describe("the trail of all projects", () => {
  test("is for operators", async () => {
    const { owner, one } = await startScene();
    for (const path of ["", "/verify", "/export"]) {
      expect((await one.call("GET", `/postern/v1/audit${path}`)).status).toBe(403);
      expect((await owner.call("GET", `/postern/v1/audit${path}`)).status).toBe(200);
    }
    const all = await events(owner, "?limit=1000", "/postern/v1/audit");
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => all.length - index));
  });

  test("is verified where it is", async () => {
    const { owner } = await startScene();
    const { body } = await owner.call("GET", "/postern/v1/audit/verify");
    const all = await events(owner, "?limit=1000", "/postern/v1/audit");
    expect(body).toMatchObject({
      valid: true,
      count: all.length,
      first_seq: 1,
      last_seq: all.length,
      fault: null,
    });
  });
});

const accessAt = async (owner: Tenant, cluster: string, at: number) => {
  const path = `/postern/v1/{p}/clusters/${cluster}/access?at=${new Date(at).toISOString()}`;
  const answer = await owner.call("GET", path);
  expect(answer.status).toBe(200);
  return answer.body as { services: { permissions: string[] }[]; endpoints: Json[]; total_count: number };
};
const now = (server: TestServer) => {
  const time = server.clock.now();
  server.clock.advance(60_000);
  return time;
};

describe("who could reach a cluster", () => {
  test("is told as it was then, also when everything is gone", async () => {
    const { server, owner, one, cluster, ids } = await startScene();
    const open = now(server);
    await cluster.call("POST", "/vpcepservice/connections", {
      action: "reject",
      endpoint_id_list: [ids.one],
    });
    const rejected = now(server);
    await cluster.call("PUT", "/vpcepservice/close");
    await owner.call("DELETE", `/postern/v1/{p}/clusters/${cluster.id}`);
    const then = await accessAt(owner, cluster.id, open);
    expect(then.services.map(({ permissions }) => permissions)).toEqual([["*"]]);
    expect(then.total_count).toBe(3);
    expect(then.endpoints).toContainEqual(
      expect.objectContaining({
        id: ids.one,
        account_id: one.accountId,
        max_session: 3000,
        source_whitelist: [],
      }),
    );
    expect((await accessAt(owner, cluster.id, rejected)).endpoints.map(({ id }) => id)).not.toContain(
      ids.one,
    );
    const path = `/postern/v1/{p}/clusters/${cluster.id}/access`;
    expect((await owner.call("GET", path)).status).toBe(403);
    expect((await one.call("GET", `${path}?at=${new Date(open).toISOString()}`)).status).toBe(403);
  });

  test("cannot be told of before the trail", async () => {
    const { owner, cluster } = await startScene();
    const { status, text } = await owner.call(
      "GET",
      `/postern/v1/{p}/clusters/${cluster.id}/access?at=2001-01-01T00:00:00Z`,
    );
    expect(status).toBe(400);
    expect(text).toContain("The audit trail knows changes since");
  });
});
