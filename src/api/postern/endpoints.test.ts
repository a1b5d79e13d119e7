import { describe, expect, test } from "vitest";
import { noRefusals, someFigures } from "../../domain/test-fixtures.ts";
import { quarantineMs } from "../../domain/quarantine.ts";
import { refusal, startTestServer, type Json, type Tenant, type TestCluster } from "../test-server.ts";

const path = "/postern/v1/{p}/endpoints";
const id = expect.stringMatching(/^[0-9a-f-]{36}$/);

/** An owner with an open service, and a guest on its whitelist. */
async function openFor(wish: Json = {}): Promise<{ cluster: TestCluster; guest: Tenant; service: string }> {
  const server = await startTestServer();
  const [owner, guest] = [await server.tenant("owner"), await server.tenant("guest")];
  const cluster = await owner.open("logs", wish);
  await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [guest.accountId] });
  const { vpcServiceName } = await cluster.connections();
  return { cluster, guest, service: vpcServiceName };
}

describe("creating", () => {
  test("the answer, key for key", async () => {
    const { cluster, guest, service } = await openFor();
    const answer = await guest.call("POST", path, { service });
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        id,
        status: "creating",
        ip: expect.stringMatching(/^127\.\d+\.\d+\.2$/),
        port: 9200,
        ports: [9200],
        service_id: service.split(".")[2],
        service_name: service,
        cluster_id: cluster.id,
        vpc_id: id,
        subnet_id: id,
        account_id: guest.accountId,
        project_id: guest.projectId,
        max_session: 3000,
        attached: true,
        specification_name: "default",
        description: "",
        sessions: 0,
        new_sessions: 0,
        bytes_in: 0,
        bytes_out: 0,
        refusals: noRefusals,
        created_at: "2026-01-02T03:04:05Z",
      },
    ]);
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
    await guest.server.attachAll();
    const shown = await guest.call("GET", `${path}/${String(answer.body["id"])}`);
    expect(shown.body).toEqual({ ...answer.body, status: "accepted" });
    expect(String(shown.headers["etag"])).toMatch((await cluster.etag()).replace(/"$/, "."));
  });

  test("with every wish", async () => {
    const { guest, service } = await openFor();
    const vpc = (await guest.call("POST", "/postern/v1/{p}/vpcs", { name: "edge", cidr: "127.9.0.0/24" }))
      .body;
    const wish = {
      vpc_id: vpc["id"],
      ip: "127.9.0.77",
      enable_dns: "true",
      max_session: 5,
      description: "for x",
    };
    const { body } = await guest.call("POST", path, { service, ...wish });
    expect(body).toMatchObject({
      vpc_id: vpc["id"],
      ip: "127.9.0.77",
      max_session: 5,
      description: "for x",
      dns_name: `vpcep-${String(body["id"])}.region-1.postern.internal`,
    });
  });

  test("a service is found by its name or id, and by its cluster's where that is one's own", async () => {
    const { cluster, guest, service } = await openFor();
    const { owner } = cluster;
    for (const named of [service, service.split(".")[2] ?? "", "logs", cluster.id]) {
      expect((await owner.call("POST", path, { service: named })).status).toBe(200);
    }
    for (const named of [service, service.split(".")[2] ?? ""]) {
      expect((await guest.call("POST", path, { service: named })).status).toBe(200);
    }
    for (const named of ["logs", cluster.id, "nothing"]) {
      expect(refusal(await guest.call("POST", path, { service: named }))).toBe("404 CSS.0016");
    }
  });

  test("an account off the whitelist is refused; a star admits it", async () => {
    const { cluster, guest, service } = await openFor();
    const stranger = await guest.server.tenant("stranger");
    expect(refusal(await stranger.call("POST", path, { service }))).toBe("400 EndPoint.2012");
    await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: ["*"] });
    expect((await stranger.call("POST", path, { service })).status).toBe(200);
  });

  test("the owner needs no entry", async () => {
    const { cluster } = await openFor();
    await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [] });
    expect((await cluster.owner.call("POST", path, { service: "logs" })).status).toBe(200);
  });

  test("a service that is closed, or was never open, is refused", async () => {
    const { cluster, guest, service } = await openFor();
    await cluster.call("PUT", "/vpcepservice/close");
    expect(refusal(await guest.call("POST", path, { service }))).toBe("400 CSS.5182");
    await cluster.owner.register("second");
    expect(refusal(await cluster.owner.call("POST", path, { service: "second" }))).toBe("400 CSS.5182");
  });

  test("an address is handed out once, and after a delete only when the pool has gone round", async () => {
    const { guest, service } = await openFor();
    const vpc = (await guest.call("POST", "/postern/v1/{p}/vpcs", { name: "tiny", cidr: "127.9.0.0/29" }))
      .body;
    const create = async (): Promise<Json> =>
      (await guest.call("POST", path, { service, vpc_id: vpc["id"] })).body;
    const first = await create();
    expect([first["ip"], (await create())["ip"]]).toEqual(["127.9.0.2", "127.9.0.3"]);
    await guest.call("DELETE", `${path}/${String(first["id"])}`);
    const rest = [await create(), await create(), await create()];
    guest.server.clock.advance(quarantineMs);
    rest.push(await create());
    expect(rest.map((endpoint) => endpoint["ip"])).toEqual([
      "127.9.0.4",
      "127.9.0.5",
      "127.9.0.6",
      "127.9.0.2",
    ]);
    const { revision } = guest.server.store;
    const answer = await guest.call("POST", path, { service, vpc_id: vpc["id"] });
    expect(refusal(answer)).toBe("400 CSS.0064");
    expect(answer.body["error_msg"]).toContain("127.9.0.0/29");
    expect(guest.server.store.revision).toBe(revision);
  });

  test("a wanted address that is taken is a conflict", async () => {
    const { guest, service } = await openFor();
    const vpc = (await guest.call("POST", "/postern/v1/{p}/vpcs", { name: "edge", cidr: "127.9.0.0/24" }))
      .body;
    const wish = { service, ip: "127.9.0.9", vpc_id: vpc["id"] };
    expect((await guest.call("POST", path, wish)).status).toBe(200);
    expect(refusal(await guest.call("POST", path, wish))).toBe("409 EndPoint.3006");
  });

  test("the cap goes up to what the service is sold as", async () => {
    const basic = await openFor();
    const cap = (max_session: number) => ({ service: basic.service, max_session });
    expect((await basic.guest.call("POST", path, cap(3000))).body["max_session"]).toBe(3000);
    expect(refusal(await basic.guest.call("POST", path, cap(3001)))).toBe("400 CSS.5038");
    const large = await openFor({ profession_vpcep: true });
    const { body } = await large.guest.call("POST", path, { service: large.service });
    expect(body).toMatchObject({ max_session: 1_000_000, specification_name: "professional" });
  });

  test.each([
    [{}, "CSS.5037", "service"],
    [{ service: "" }, "CSS.5038", "service"],
    [{ service: 7 }, "CSS.0001", "service"],
    [{ ip: "127.0.0.1" }, "CSS.5038", "127.0.0.1"],
    [{ ip: "10.0.0.1" }, "CSS.5038", "pool"],
    [{ ip: "nonsense" }, "CSS.5038", "pool"],
    [{ max_session: 0 }, "CSS.5038", "max_session"],
    [{ max_session: 1.5 }, "CSS.0001", "max_session"],
    [{ max_session: "5" }, "CSS.0001", "max_session"],
    [{ max_session: 1_000_001 }, "CSS.5038", "max_session"],
    [{ enable_dns: "1" }, "CSS.0001", "enable_dns"],
    [{ description: "<b>" }, "CSS.0001", "description"],
    [{ description: "x".repeat(513) }, "CSS.5038", "description"],
    [{ vpc_id: "unknown" }, "CSS.5021", "unknown"],
    [{ subnet_id: "unknown" }, "CSS.5021", "unknown"],
  ])("%j is refused", async (wish: Json, code, hint) => {
    const { cluster, guest, service } = await openFor();
    const isPart = !("service" in wish) && Object.keys(wish).length > 0;
    const answer = await guest.call("POST", path, isPart ? { service, ...wish } : wish);
    expect(refusal(answer)).toBe(`400 ${code}`);
    expect(answer.body["error_msg"]).toContain(hint);
    expect((await cluster.connections()).total_count).toBe(1);
  });
});

test("live figures and the failure of its address are shown", async () => {
  const { guest, service } = await openFor();
  const endpointId = await guest.connect(service);
  const figures = someFigures({
    endpointId,
    sessions: 3,
    newSessions: 9,
    bytesIn: 100,
    bytesOut: 2000,
    refusals: { ...noRefusals, session_cap: 4 },
  });
  guest.server.gateways.figures.set(endpointId, figures);
  const failure = { code: "port_taken", message: "127.1.0.2:9200 is taken" };
  await guest.server.store.observe((tx) => tx.endpoints.setPhase(endpointId, "failed", failure));
  expect((await guest.call("GET", `${path}/${endpointId}`)).body).toMatchObject({
    status: "failed",
    sessions: 3,
    new_sessions: 9,
    bytes_in: 100,
    bytes_out: 2000,
    refusals: { ...noRefusals, session_cap: 4 },
    error: failure,
  });
});

function ids(body: Json): string[] {
  return (body["endpoints"] as { id: string }[]).map((endpoint) => endpoint.id);
}
test("the consumer's list pages, newest first, and holds his endpoints only", async () => {
  const { cluster, guest, service } = await openFor();
  const made: string[] = [];
  for (const _ of [1, 2, 3]) {
    guest.server.clock.advance(1_000);
    made.unshift(await guest.connect(service));
  }
  const list = async (query: string) => (await guest.call("GET", path + query)).body;
  expect(ids(await list(""))).toEqual(made);
  const page = await list("?offset=1&limit=1");
  expect([ids(page), page["total_count"]]).toEqual([[made[1]], 3]);
  expect((await cluster.owner.call("GET", path)).body["total_count"]).toBe(1);
  expect(refusal(await guest.call("GET", `${path}?limit=0`))).toBe("400 CSS.5038");
});

describe("deleting", () => {
  test("takes the endpoint from both sides", async () => {
    const { cluster, guest, service } = await openFor();
    const endpoint = await guest.connect(service);
    guest.server.gateways.severedSessions = 2;
    const answer = await guest.call("DELETE", `${path}/${endpoint}`);
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true", "x-postern-severed": "2" });
    expect(refusal(await guest.call("GET", `${path}/${endpoint}`))).toBe("404 CSS.0016");
    expect(refusal(await guest.call("DELETE", `${path}/${endpoint}`))).toBe("404 CSS.0016");
    expect((await cluster.connections()).total_count).toBe(1);
  });

  test("or looking at another's endpoint is refused, the service owner's included", async () => {
    const { cluster, guest, service } = await openFor();
    const endpoint = await guest.connect(service);
    for (const method of ["GET", "DELETE"] as const) {
      expect(refusal(await cluster.owner.call(method, `${path}/${endpoint}`))).toBe("404 CSS.0016");
    }
    expect((await guest.call("GET", `${path}/${endpoint}`)).status).toBe(200);
  });
});
