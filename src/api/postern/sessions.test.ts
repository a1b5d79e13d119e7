import { beforeEach, describe, expect, test } from "vitest";
import type { EndpointId, GatewayId } from "../../domain/ids.ts";
import type { LiveSession } from "../../domain/live-session.ts";
import { refusal, startTestServer, type Json, type Tenant, type TestServer } from "../test-server.ts";

let server: TestServer;
let owner: Tenant;
let guest: Tenant;
let clusterId = "";
let serviceId = "";
let own: EndpointId;
let theirs: EndpointId;

beforeEach(async () => {
  server = await startTestServer();
  [owner, guest] = [await server.tenant("owner"), await server.tenant("guest")];
  const cluster = await owner.open("logs");
  await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [guest.accountId] });
  const { vpcServiceName, connections } = await cluster.connections();
  clusterId = cluster.id;
  serviceId = vpcServiceName.split(".")[2] ?? "";
  own = connections[0]?.id as EndpointId;
  theirs = await guest.connect(vpcServiceName);
  server.gateways.sessions = [session(own, "10.0.0.1", 10), session(theirs, "10.0.0.2", 20)];
});

/** @param ageS how long ago it began */
function session(endpointId: EndpointId, host: string, ageS: number): LiveSession {
  return {
    endpointId,
    source: { host, port: 40_000 },
    clientPort: 9200,
    node: { host: "192.168.7.7", port: 9200 },
    startedAt: server.clock.now() - ageS * 1_000,
    idleMs: ageS * 100,
    bytesIn: ageS,
    bytesOut: 5,
    state: "established",
  };
}

const list = (query: string) => owner.call("GET", `/postern/v1/{p}/clusters/${clusterId}/sessions?${query}`);
const sessionsOf = ({ body }: { body: Json }) =>
  (body["sessions"] as { endpoint: string }[]).map(({ endpoint }) => endpoint);

describe("listing", () => {
  test("the owner sees every session of the cluster and of the service, key for key", async () => {
    for (const path of [`clusters/${clusterId}`, `services/${serviceId}`]) {
      const { status, body } = await owner.call("GET", `/postern/v1/{p}/${path}/sessions`);
      expect([status, body]).toEqual([
        200,
        {
          sessions: [
            {
              id: "10.0.0.1:40000-9200",
              endpoint: own,
              source: "10.0.0.1:40000",
              node: "192.168.7.7:9200",
              state: "established",
              started_at: "2026-01-02T03:03:55Z",
              age_seconds: 10,
              idle_seconds: 1,
              bytes_in: 10,
              bytes_out: 5,
            },
            expect.objectContaining({ id: "10.0.0.2:40000-9200", endpoint: theirs }),
          ],
          total_count: 2,
          returned_count: 2,
        },
      ]);
    }
  });

  test("he chooses endpoint, order and number", async () => {
    expect(sessionsOf(await list(`endpoint=${theirs}`))).toEqual([theirs]);
    expect(sessionsOf(await list("sort=bytes"))).toEqual([theirs, own]);
    const { body } = await list("sort=idle&limit=1");
    expect([sessionsOf({ body }), body["total_count"], body["returned_count"]]).toEqual([[theirs], 2, 1]);
    expect(refusal(await list("sort=colour"))).toBe("400 CSS.5038");
    expect(refusal(await list("limit=1001"))).toBe("400 CSS.5038");
    expect(refusal(await list("endpoint=none"))).toBe("400 CSS.0001");
  });

  test("the consumer sees the sessions of his endpoint, and no node", async () => {
    const answer = await guest.call("GET", `/postern/v1/{p}/endpoints/${theirs}/sessions`);
    expect(answer.body).toMatchObject({ sessions: [{ endpoint: theirs, age_seconds: 20 }], total_count: 1 });
    expect(answer.text).not.toMatch(/node|192\.168\.7\.7/);
  });

  test("nobody sees another project's", async () => {
    expect(refusal(await guest.call("GET", `/postern/v1/{p}/endpoints/${own}/sessions`))).toBe(
      "404 CSS.0016",
    );
    expect(refusal(await owner.call("GET", `/postern/v1/{p}/endpoints/${theirs}/sessions`))).toBe(
      "404 CSS.0016",
    );
    expect(refusal(await guest.call("GET", `/postern/v1/{p}/services/${serviceId}/sessions`))).toBe(
      "404 CSS.0016",
    );
    expect(refusal(await guest.call("GET", `/postern/v1/{p}/clusters/${clusterId}/sessions`))).toBe(
      "403 CSS.0015",
    );
  });

  test("a gateway that tells of other endpoints is not believed", async () => {
    server.gateways.askAll = () =>
      Promise.resolve({ answers: [{ total: 2, sessions: server.gateways.sessions }] as never, missing: [] });
    expect(sessionsOf(await guest.call("GET", `/postern/v1/{p}/endpoints/${theirs}/sessions`))).toEqual([
      theirs,
    ]);
  });

  test("it says where gateways are missing, and fails where all are", async () => {
    server.gateways.missing = [{ gateway: "g2" as GatewayId, reason: "it is not connected" }];
    expect((await list("")).body).toMatchObject({ total_count: 2, gateways_missing: 1 });
    server.gateways.silent = true;
    expect(refusal(await list(""))).toBe("503 CSS.0005");
  });

  test("a project without endpoints has no sessions, and nobody is asked", async () => {
    const { id } = await owner.register("spare");
    server.gateways.silent = true;
    const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${id}/sessions`);
    expect(body).toEqual({ sessions: [], total_count: 0, returned_count: 0 });
    const named = await owner.call("GET", `/postern/v1/{p}/clusters/${id}/sessions?endpoint=${own}`);
    expect(refusal(named)).toBe("400 CSS.0001");
  });
});

describe("ending", () => {
  const id = "10.0.0.2:40000-9200";
  const byOwner = (doomed = id, endpoint: string = theirs) =>
    owner.call("DELETE", `/postern/v1/{p}/services/${serviceId}/sessions/${doomed}?endpoint=${endpoint}`);
  const byCluster = (doomed = id, endpoint: string = theirs) =>
    owner.call("DELETE", `/postern/v1/{p}/clusters/${clusterId}/sessions/${doomed}?endpoint=${endpoint}`);
  const byGuest = (doomed = id, endpoint: string = theirs) =>
    guest.call("DELETE", `/postern/v1/{p}/endpoints/${endpoint}/sessions/${encodeURIComponent(doomed)}`);

  test.each([
    ["owner", byOwner],
    ["owner of the cluster", byCluster],
    ["consumer", byGuest],
  ] as const)("the %s ends one session and no other, once", async (_who, end) => {
    const answer = await end();
    expect([
      answer.status,
      answer.headers["x-postern-severed"],
      answer.headers["x-postern-enforced"],
    ]).toEqual([204, "1", "true"]);
    expect(server.gateways.sessions.map(({ endpointId }) => endpointId)).toEqual([own]);
    const again = await end();
    expect([refusal(again), again.body["error_msg"]]).toEqual(["404 CSS.0016", expect.stringContaining(id)]);
  });

  test("nobody ends another's, and what is no session's id is not there", async () => {
    const mine = "10.0.0.1:40000-9200";
    expect(refusal(await byGuest(mine, own))).toBe("404 CSS.0016");
    expect(refusal(await byGuest(mine))).toBe("404 CSS.0016");
    expect(refusal(await byOwner(id, own))).toBe("404 CSS.0016");
    expect(refusal(await byOwner("everything"))).toBe("404 CSS.0016");
    const other = await (await owner.open("other")).connections();
    expect(refusal(await byOwner(id, other.connections[0]?.id))).toBe("400 CSS.0001");
    expect(refusal(await byCluster(id, other.connections[0]?.id))).toBe("400 CSS.0001");
    const path = `/postern/v1/{p}/clusters/${clusterId}/sessions/${id}?endpoint=${theirs}`;
    expect(refusal(await guest.call("DELETE", path))).toBe("403 CSS.0015");
    expect(server.gateways.sessions).toHaveLength(2);
  });

  test("where a gateway does not answer, it may have the session", async () => {
    server.gateways.sessions = [];
    server.gateways.missing = [{ gateway: "g2" as GatewayId, reason: "it is not connected" }];
    const answer = await byOwner();
    expect(refusal(answer)).toBe("503 CSS.0005");
    expect(answer.body["error_msg"]).toContain("gateway g2: it is not connected");
  });
});
