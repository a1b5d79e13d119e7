import { describe, expect, test } from "vitest";
import { quarantineMs } from "../domain/quarantine.ts";
import { refusal, startTestServer, type Json, type Tenant, type TestServer } from "./test-server.ts";

const endpoints = "/postern/v1/{p}/endpoints";

/** A network with three addresses of each family, and a service that offers dual stack. */
async function start(): Promise<{ server: TestServer; tenant: Tenant; wish: Json }> {
  const server = await startTestServer();
  const tenant = await server.tenant("owner");
  await tenant.open("logs", { profession_vpcep: true });
  // Younger than the first network, which is the default.
  server.clock.advance(1_000);
  const network = { name: "small", cidr: "127.9.0.0/29", cidr6: "fd00:1::/125" };
  const { body } = await tenant.call("POST", "/postern/v1/{p}/vpcs", network);
  const wish = { service: "logs", vpc_id: body["id"], dual_stack: true };
  // Of five, two stay.
  for (let n = 0; n < 2; n += 1) await create(tenant, wish);
  return { server, tenant, wish };
}

async function create(tenant: Tenant, wish: Json): Promise<Json> {
  const { status, body, text } = await tenant.call("POST", endpoints, wish);
  if (status !== 200) throw new Error(text);
  return body;
}

function remove(tenant: Tenant, { id }: Json): Promise<unknown> {
  return tenant.call("DELETE", `${endpoints}/${String(id)}`);
}

describe("addresses that were released", () => {
  test("go to no other endpoint before their time is over, then they do", async () => {
    const { server, tenant, wish } = await start();
    const gone = [await create(tenant, wish), await create(tenant, wish), await create(tenant, wish)];
    for (const endpoint of gone) await remove(tenant, endpoint);
    server.clock.advance(quarantineMs - 1);
    const early = await tenant.call("POST", endpoints, wish);
    expect([refusal(early), early.body["error_msg"]]).toEqual([
      "400 CSS.0064",
      expect.stringContaining("5 minutes"),
    ]);
    server.clock.advance(1);
    expect(await create(tenant, wish)).toMatchObject({ ip: gone[0]?.["ip"], ip6: gone[0]?.["ip6"] });
  });

  test("are their own project's to take back by name, and nobody else's", async () => {
    const { server, tenant, wish } = await start();
    const before = await create(tenant, wish);
    await remove(tenant, before);
    const named = { ...wish, ip: before["ip"], ip6: before["ip6"] };
    const again = await create(tenant, named);
    expect(again).toMatchObject({ ip: before["ip"], ip6: before["ip6"] });
    await remove(tenant, again);
    // As if the network had passed to another project.
    const other = await server.tenant("other");
    const audit = { actor: "system", action: "test", resource: "x" };
    await server.store.write(audit, ({ networks }) =>
      networks.noteReleased(
        [
          {
            subnetId: String(before["subnet_id"]) as never,
            address: String(before["ip6"]) as never,
            projectId: other.projectId,
            releasedAt: server.clock.now(),
          },
        ],
        0,
      ),
    );
    const refused = await tenant.call("POST", endpoints, named);
    expect([refusal(refused), refused.body["error_msg"]]).toEqual([
      "409 EndPoint.3006",
      expect.stringContaining("another project's"),
    ]);
    server.clock.advance(quarantineMs);
    await create(tenant, named);
  });

  test("rest also when a whole cluster goes", async () => {
    const { tenant, wish } = await start();
    const cluster = await tenant.open("gone", { profession_vpcep: true });
    for (let n = 0; n < 3; n += 1) await create(tenant, { ...wish, service: "gone" });
    expect((await tenant.call("DELETE", `/postern/v1/{p}/clusters/${cluster.id}`)).status).toBe(204);
    expect(refusal(await tenant.call("POST", endpoints, wish))).toBe("400 CSS.0064");
  });

  test("are forgotten in time: nothing piles up", async () => {
    const { server, tenant, wish } = await start();
    for (let n = 0; n < 3; n += 1) {
      const created = await create(tenant, wish);
      await remove(tenant, created);
      server.clock.advance(quarantineMs);
    }
    const last = await create(tenant, wish);
    await remove(tenant, last);
    const all = ["127.9.0.2", "127.9.0.3", "127.9.0.4", "127.9.0.5", "127.9.0.6"] as never[];
    const kept = await server.store.networks.releasedAddresses(String(last["subnet_id"]) as never, all, 0);
    expect([...kept.keys()]).toEqual([last["ip"]]);
  });
});
