import { describe, expect, test } from "vitest";
import { whitelistLimit } from "../../domain/whitelist.ts";
import { refusal, startTestServer, type TestCluster } from "../test-server.ts";

const path = "/vpcepservice/permissions";

async function openCluster(): Promise<TestCluster> {
  return (await (await startTestServer()).tenant("owner")).open("logs");
}

async function entries(cluster: TestCluster): Promise<readonly string[]> {
  return (await cluster.connections()).permissions.map(({ permission }) => permission).toSorted();
}

describe.each(["vpc_permissions", "vpcPermissions"])("with %s", (key) => {
  test("the list is replaced; entries that stay keep their id and time", async () => {
    const cluster = await openCluster();
    await cluster.call("POST", path, { [key]: ["aaa", "bbb"] });
    const before = await cluster.connections();
    cluster.owner.server.clock.advance(60_000);
    const answer = await cluster.call("POST", path, { [key]: ["iam:domain::ccc", "bbb", "bbb"] });
    expect([answer.status, answer.body]).toEqual([200, {}]);
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
    const { permissions } = await cluster.connections();
    expect(permissions).toEqual([
      before.permissions.find(({ permission }) => permission === "iam:domain::bbb"),
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        permission: "iam:domain::ccc",
        permission_type: "domainId",
        created_at: "2026-01-02T03:05:05Z",
      },
    ]);
  });
});

test("a star stands for everybody; an empty list is a list", async () => {
  const cluster = await openCluster();
  await cluster.call("POST", path, { vpc_permissions: ["*"] });
  expect(await entries(cluster)).toEqual(["*"]);
  await cluster.call("POST", path, { vpc_permissions: [] });
  expect(await entries(cluster)).toEqual([]);
});

test("a list of the greatest length is taken", async () => {
  const cluster = await openCluster();
  const list = Array.from({ length: whitelistLimit }, (_, n) => `account${n}`);
  expect((await cluster.call("POST", path, { vpc_permissions: list })).status).toBe(200);
  expect(await entries(cluster)).toHaveLength(whitelistLimit);
});

/** A guest on the whitelist with one endpoint; with approval, one that waits. */
async function guestConnected(approval = false) {
  const server = await startTestServer();
  const [owner, guest] = [await server.tenant("owner"), await server.tenant("guest")];
  const cluster = await owner.open("logs", { approval_enabled: approval });
  await cluster.call("POST", path, { vpc_permissions: [guest.accountId] });
  const id = await guest.connect((await cluster.connections()).vpcServiceName);
  await server.attachAll();
  const status = async (): Promise<unknown> =>
    (await guest.call("GET", `/postern/v1/{p}/endpoints/${id}`)).body["status"];
  const replace = (list: string[], more = {}) =>
    cluster.call("POST", path, { vpc_permissions: list, ...more });
  return { server, cluster, guest, id, status, replace };
}

describe("endpoints of an account that leaves", () => {
  test("are rejected, the owner's are not, and coming back accepts none", async () => {
    const { server, cluster, guest, status, replace } = await guestConnected();
    await replace(["other"]);
    expect(await status()).toBe("rejected");
    const { endpoints } = await server.store.desiredState();
    const byAccount = (id: string) => endpoints.filter(({ accountId }) => accountId === id);
    expect(byAccount(guest.accountId)).toMatchObject([{ approval: "rejected", rejectedBy: "whitelist" }]);
    expect(byAccount(cluster.owner.accountId)).toMatchObject([{ approval: "accepted" }]);
    await replace([guest.accountId]);
    expect(await status()).toBe("rejected");
  });

  test("are rejected while they wait, too", async () => {
    const { status, replace } = await guestConnected(true);
    expect(await status()).toBe("pendingAcceptance");
    await replace([]);
    expect(await status()).toBe("rejected");
  });

  test("stay where a star admits them", async () => {
    const { status, replace } = await guestConnected();
    await replace(["*"]);
    expect(await status()).toBe("accepted");
  });

  test.each([false, "false"])(
    "stay with reconcile_connections %j, which is kept for the next time",
    async (off) => {
      const { guest, status, replace } = await guestConnected();
      await replace([], { reconcile_connections: off });
      expect(await status()).toBe("accepted");
      await replace([guest.accountId]);
      await replace([]);
      expect(await status()).toBe("accepted");
      await replace([], { reconcile_connections: "true" });
      expect(await status()).toBe("rejected");
    },
  );
});

describe("a body that is refused", () => {
  test.each([
    [{}, "CSS.5037", "vpc_permissions"],
    [{ vpc_permissions: "aaa" }, "CSS.0001", "vpc_permissions"],
    [{ vpc_permissions: [7] }, "CSS.0001", "vpc_permissions"],
    [{ vpc_permissions: ["aaa", "not an id"] }, "CSS.0001", "not an id"],
    [{ vpc_permissions: [""] }, "CSS.5038", "vpc_permissions"],
    [{ vpcPermissions: ["x".repeat(129)] }, "CSS.5038", "vpcPermissions"],
    [{ vpc_permissions: ["x".repeat(65)] }, "CSS.0001", "account id"],
    [{ vpc_permissions: Array.from({ length: whitelistLimit + 1 }, () => "a") }, "CSS.5038", "1000"],
    [{ vpc_permissions: [], reconcile_connections: "no" }, "CSS.0001", "reconcile_connections"],
  ])("%j", async (body, code, hint) => {
    const cluster = await openCluster();
    const before = await cluster.connections();
    const answer = await cluster.call("POST", path, body);
    expect(refusal(answer)).toBe(`400 ${code}`);
    expect(answer.body["error_msg"]).toContain(hint);
    expect(await cluster.connections()).toEqual(before);
  });
});

test("there is no whitelist where the service is not enabled", async () => {
  const cluster = await openCluster();
  await cluster.call("PUT", "/vpcepservice/close");
  expect(refusal(await cluster.call("POST", path, { vpc_permissions: [] }))).toBe("400 CSS.5182");
});
