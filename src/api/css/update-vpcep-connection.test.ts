import { describe, expect, test } from "vitest";
import type { EndpointId } from "../../domain/ids.ts";
import { refusal, startTestServer, type Tenant, type TestCluster, type TestServer } from "../test-server.ts";

const path = "/vpcepservice/connections";

/** A service that asks for approval, with one endpoint of a guest on the whitelist that waits. */
async function pending(): Promise<{
  server: TestServer;
  cluster: TestCluster;
  guest: Tenant;
  id: EndpointId;
}> {
  const server = await startTestServer();
  const [owner, guest] = [await server.tenant("owner"), await server.tenant("guest")];
  const cluster = await owner.open("logs", { approval_enabled: true });
  await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [guest.accountId] });
  const id = await guest.connect((await cluster.connections()).vpcServiceName);
  await server.attachAll();
  return { server, cluster, guest, id };
}

async function statusOf(cluster: TestCluster, id: string): Promise<string | undefined> {
  return (await cluster.connections()).connections.find((entry) => entry.id === id)?.status;
}

describe.each(["endpoint_id_list", "endpointIdList"])("with %s", (key) => {
  test("a connection is accepted, rejected and accepted again", async () => {
    const { cluster, id } = await pending();
    expect(await statusOf(cluster, id)).toBe("pendingAcceptance");
    for (const [action, status] of [
      ["receive", "accepted"],
      ["reject", "rejected"],
      ["receive", "accepted"],
    ]) {
      const answer = await cluster.call("POST", path, { action, [key]: [id] });
      expect([answer.status, answer.body]).toEqual([200, {}]);
      expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
      expect(await statusOf(cluster, id)).toBe(status);
    }
  });
});

test("a decision leaves its time; one that changes nothing leaves the connection as it was", async () => {
  const { server, cluster, id } = await pending();
  server.clock.advance(60_000);
  const decision = { action: "reject", endpoint_id_list: [id, id] };
  await cluster.call("POST", path, decision);
  const find = async (): Promise<unknown> =>
    (await cluster.connections()).connections.find((entry) => entry.id === id);
  const before = await find();
  expect(before).toMatchObject({ update_at: "2026-01-02T03:05:05Z" });
  server.clock.advance(60_000);
  await cluster.call("POST", path, decision);
  expect(await find()).toEqual(before);
});

test("the number of cut sessions is told", async () => {
  const { server, cluster, id } = await pending();
  server.gateways.severedSessions = 3;
  const { headers } = await cluster.call("POST", path, { action: "reject", endpoint_id_list: [id] });
  expect(headers).toMatchObject({ "x-postern-severed": "3" });
});

test("with one unknown id none is decided", async () => {
  const { cluster, id } = await pending();
  const ids = [id, "3b6f7b3e-0000-4000-8000-000000000000"];
  const answer = await cluster.call("POST", path, { action: "receive", endpoint_id_list: ids });
  expect(refusal(answer)).toBe("400 CSS.0001");
  expect(answer.body["error_msg"]).toContain(ids[1]);
  expect(await statusOf(cluster, id)).toBe("pendingAcceptance");
});

test("a connection of another service is unknown here", async () => {
  const { cluster, id } = await pending();
  const other = await cluster.owner.open("metrics");
  const answer = await other.call("POST", path, { action: "reject", endpoint_id_list: [id] });
  expect(refusal(answer)).toBe("400 CSS.0001");
  expect(await statusOf(cluster, id)).toBe("pendingAcceptance");
});

test("a connection of an account that is off the whitelist cannot be accepted", async () => {
  const { cluster, id } = await pending();
  await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [] });
  const answer = await cluster.call("POST", path, { action: "receive", endpoint_id_list: [id] });
  expect(refusal(answer)).toBe("400 EndPoint.2012");
  expect(await statusOf(cluster, id)).toBe("rejected");
});

describe("a body that is refused", () => {
  test.each([
    [{}, "CSS.5037", "action"],
    [{ action: "receive" }, "CSS.5037", "endpoint_id_list"],
    [{ endpoint_id_list: ["x"] }, "CSS.5037", "action"],
    [{ action: "accept", endpoint_id_list: ["x"] }, "CSS.5038", "receive, reject"],
    [{ action: 7, endpoint_id_list: ["x"] }, "CSS.0001", "action"],
    [{ action: "receive", endpoint_id_list: [] }, "CSS.5038", "endpoint_id_list"],
    [{ action: "receive", endpoint_id_list: "x" }, "CSS.0001", "endpoint_id_list"],
    [{ action: "receive", endpoint_id_list: [1] }, "CSS.0001", "endpoint_id_list"],
    [{ action: "receive", endpoint_id_list: [""] }, "CSS.5038", "endpoint_id_list"],
    [{ action: "receive", endpoint_id_list: Array.from({ length: 1001 }, () => "x") }, "CSS.5038", "1000"],
    [[], "CSS.0001", "object"],
  ])("%j", async (body, code, hint) => {
    const { cluster, id } = await pending();
    const answer = await cluster.call("POST", path, body);
    expect(refusal(answer)).toBe(`400 ${code}`);
    expect(answer.body["error_msg"]).toContain(hint);
    expect(await statusOf(cluster, id)).toBe("pendingAcceptance");
  });

  test("none at all", async () => {
    const { cluster } = await pending();
    expect(refusal(await cluster.call("POST", path))).toBe("400 CSS.0006");
  });
});

test("nothing is decided where the service is not enabled", async () => {
  const { cluster, id } = await pending();
  await cluster.call("PUT", "/vpcepservice/close");
  const answer = await cluster.call("POST", path, { action: "receive", endpoint_id_list: [id] });
  expect(refusal(answer)).toBe("400 CSS.5182");
});
