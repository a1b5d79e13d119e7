import { expect, test } from "vitest";
import type { Answer, Json, Tenant } from "../test-server.ts";
import { admit, createEndpoint, createService, ok, refusalCode, startParties } from "./testing.ts";

async function startService(): Promise<{ owner: Tenant; guest: Tenant; id: string; path: string }> {
  const { owner, guest } = await startParties();
  const { id } = await createService(owner, "logs", { approval_enabled: false });
  return { owner, guest, id: String(id), path: `/v1/{p}/vpc-endpoint-services/${String(id)}/permissions` };
}

const alice = "iam:domain::a1";

test("entries are added once, listed by page and filter, and removed", async () => {
  const { owner, path } = await startService();
  const change = (action: string, permissions: string[]): Promise<Answer> =>
    owner.call("POST", `${path}/action`, { action, permissions });
  const added = await change("add", [alice, "iam:domain::b2"]);
  expect(ok(added)).toEqual({ permissions: [alice, "iam:domain::b2"], permission_type: "domainId" });
  await change("add", [alice]);
  const list = ok(await owner.call("GET", `${path}?permission=a1`));
  expect(list).toEqual({
    permissions: [
      {
        id: expect.any(String),
        permission: alice,
        permission_type: "domainId",
        description: "",
        created_at: expect.any(String),
      },
    ],
    total_count: 1,
  });
  expect(ok(await owner.call("GET", path))["total_count"]).toBe(2);
  await change("remove", [alice]);
  expect(ok(await owner.call("GET", `${path}?limit=500`))["permissions"]).toMatchObject([
    { permission: "iam:domain::b2" },
  ]);
  await change("add", ["iam:domain::*"]);
  await change("remove", ["iam:domain::*"]);
  expect(ok(await owner.call("GET", path))["total_count"]).toBe(1);
});

test("a batch has descriptions, which can be changed, and goes by id", async () => {
  const { owner, path } = await startService();
  const permissions = [{ permission: alice, description: "Alice" }, { permission: "*" }];
  const made = ok(await owner.call("POST", `${path}/batch-create`, { permissions }))["permissions"] as Json[];
  expect(made).toMatchObject([{ permission: alice, description: "Alice" }, { permission: "*" }]);
  const id = String(made[0]?.["id"]);
  const changed = await owner.call("PUT", `${path}/${id}`, { permission: { description: "A." } });
  expect(ok(changed)["permissions"]).toMatchObject([{ id, description: "A." }]);
  const gone = { permissions: [{ id }] };
  expect(ok(await owner.call("POST", `${path}/batch-delete`, gone))).toEqual({ permissions: [] });
  expect(ok(await owner.call("GET", path))["permissions"]).toMatchObject([{ permission: "*" }]);
  expect(refusalCode(await owner.call("POST", `${path}/batch-delete`, gone))).toBe("404 EndPoint.0005");
  const lost = await owner.call("PUT", `${path}/${id}`, { permission: { description: "" } });
  expect(refusalCode(lost)).toBe("404 EndPoint.0005");
});

test("everybody is admitted by either spelling, which the cluster shows as it was sent", async () => {
  const { owner, guest, server } = await startParties();
  const cluster = await owner.open("logs");
  server.clock.advance(1000);
  const [service] = ok(await owner.call("GET", "/v1/{p}/vpc-endpoint-services"))[
    "endpoint_services"
  ] as Json[];
  await admit(owner, service?.["id"], "iam:domain::*");
  await createEndpoint(guest, service?.["id"]);
  const { permissions } = await cluster.connections();
  const own = `iam:domain::${owner.accountId}`;
  expect(permissions.map(({ permission }) => permission)).toEqual([own, "iam:domain::*"]);
});

test("an organisation is kept and shown, and admits nobody", async () => {
  const { owner, guest, id, path } = await startService();
  const permissions = ["organizations:orgPath::*"];
  const body = { action: "add", permissions, permission_type: "orgPath" };
  expect(ok(await owner.call("POST", `${path}/action`, body))).toEqual({
    permissions,
    permission_type: "orgPath",
  });
  expect(ok(await owner.call("GET", path))["permissions"]).toMatchObject([{ permission_type: "orgPath" }]);
  await expect(createEndpoint(guest, id)).rejects.toThrow("EndPoint.2012");
});

test("who leaves the list loses his connection", async () => {
  const { owner, guest, id, path } = await startService();
  await admit(owner, id, guest.accountId);
  const endpoint = await createEndpoint(guest, id);
  const permissions = [`iam:domain::${guest.accountId}`];
  ok(await owner.call("POST", `${path}/action`, { action: "remove", permissions }));
  const seen = ok(await guest.call("GET", `/v1/{p}/vpc-endpoints/${String(endpoint["id"])}`));
  expect(seen["status"]).toBe("rejected");
});

test.each([
  [{ action: "add", permissions: ["a b"] }, "3002"],
  [{ action: "add", permissions: [] }, "3036"],
  [{ action: "add", permissions: Array.from({ length: 51 }, (_, n) => `x${n}`) }, "0016"],
  [{ action: "add", permissions: ["x"], permission_type: "orgPath" }, "3002"],
  [{ action: "set", permissions: ["x"] }, "0007"],
])("%j is refused: EndPoint.%s", async (body, code) => {
  const { owner, path } = await startService();
  expect(refusalCode(await owner.call("POST", `${path}/action`, body))).toBe(`400 EndPoint.${code}`);
});

test.each(["create", "delete"])(
  "a batch to %s has 1 to 50 entries, and is done in full or not at all",
  async (way) => {
    const { owner, path } = await startService();
    const send = (count: number) => {
      const permissions = Array.from({ length: count }, (_, n) => ({ id: `x${n}`, permission: `x${n}` }));
      return owner.call("POST", `${path}/batch-${way}`, { permissions });
    };
    expect(refusalCode(await send(0))).toBe("400 EndPoint.3036");
    expect(refusalCode(await send(51))).toBe("400 EndPoint.0016");
    await admit(owner, path.split("/")[4], alice);
    const [entry] = ok(await owner.call("GET", path))["permissions"] as Json[];
    const half = {
      permissions: [
        { id: entry?.["id"], permission: "b2" },
        { id: "none", permission: "a b" },
      ],
    };
    expect((await owner.call("POST", `${path}/batch-${way}`, half)).status).toBeGreaterThanOrEqual(400);
    expect(ok(await owner.call("GET", path))["permissions"]).toEqual([entry]);
  },
);

test("a whitelist holds 1,000", async () => {
  const { owner, path } = await startService();
  for (let batch = 0; batch < 20; batch += 1) {
    const permissions = Array.from({ length: 50 }, (_, n) => `x${batch * 50 + n}`);
    ok(await owner.call("POST", `${path}/action`, { action: "add", permissions }));
  }
  const one = { action: "add", permissions: ["more"] };
  expect(refusalCode(await owner.call("POST", `${path}/action`, one))).toBe("400 EndPoint.3049");
});
