import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isAlive } from "../support/alive.ts";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";

let node: SearchNode;
let dataDir: string;
let running: Postern[];
beforeEach(async () => {
  node = await startNode();
  dataDir = await mkdtemp(join(tmpdir(), "postern-up-"));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((postern) => postern.stop()));
  await node.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(options: { listen?: string; keepsOrphans?: boolean } = {}): Promise<Postern> {
  const postern = await startPostern({ dataDir, ...options });
  running.push(postern);
  return postern;
}

/** Builds a state with a bit of everything and gives what must still be so afterwards. */
async function furnish(postern: Postern) {
  const tenant = await createTenant(postern, "consumer");
  const service = await Service.open(postern, "logs", [node]);
  ok(await service.whitelist(postern.admin.account_id, tenant.admin.account_id));
  const guest = await createEndpoint(tenant, await service.name());
  const refused = await createEndpoint(tenant, await service.name());
  ok(await service.decide("reject", refused.id));
  ok(await service.setCap(guest.id, 5));
  return { tenant, service, guest, refused, connections: await service.connections() };
}

/** What `furnish` built is all there under the same names, and works. */
async function expectFurnished(postern: Postern, built: Awaited<ReturnType<typeof furnish>>): Promise<void> {
  const { service, guest, refused, connections, tenant } = built;
  expect((await postern.api("GET", service.path("connections"))).body).toEqual(connections);
  const session = await openSession(guest);
  await session.echo();
  session.close();
  expect(await refusalOf(refused)).toBe("ECONNRESET");
  // Tokens are good for the successor, at whatever address it is.
  const headers = { "X-Auth-Token": tenant.admin.token };
  const path = `/postern/v1/${tenant.admin.project_id}/endpoints/${guest.id}`;
  expect(await postern.api("GET", path, undefined, headers)).toMatchObject({ status: 200 });
  const answer = await postern.api("POST", service.path("connections"), {
    action: "reject",
    endpoint_id_list: [guest.id],
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("x-postern-enforced")).toBe("true");
  expect(await refusalOf(guest)).toBe("ECONNRESET");
}

test("killing postern up ends its children, and the next one goes on with the same data", async () => {
  const first = await start({ keepsOrphans: true });
  const built = await furnish(first);
  const { up, server, gateway } = await first.pids();

  process.kill(up, "SIGKILL");

  await eventually(() => ![up, server, gateway].some(isAlive), { what: "the end of the children" });
  const second = await start({ listen: new URL(first.endpoint).host });
  expect(second.admin).toEqual(first.admin);
  await expectFurnished(second, built);
});

test("killing all three at once leaves data that the next one goes on with", async () => {
  const first = await start({ keepsOrphans: true });
  const built = await furnish(first);
  const { up, server, gateway } = await first.pids();
  for (const pid of [up, server, gateway]) process.kill(pid, "SIGKILL");
  await eventually(() => ![up, server, gateway].some(isAlive));
  const second = await start({ listen: new URL(first.endpoint).host });
  expect(second.admin).toEqual(first.admin);
  await expectFurnished(second, built);
});

test("an orderly end leaves nothing running, and a start at another address finds everything", async () => {
  const first = await start();
  const built = await furnish(first);
  const { up, server, gateway } = await first.pids();
  const session = await openSession(built.guest);
  process.kill(up, "SIGTERM");
  expect(await first.exited).toBe(0);
  expect([up, server, gateway].some(isAlive)).toBe(false);
  await eventually(() => session.isOver);

  const second = await start();
  expect(second.endpoint).not.toBe(first.endpoint);
  expect(second.admin).toEqual({ ...first.admin, endpoint: second.endpoint });
  await expectFurnished(second, built);
});

test("the credentials are nobody else's to read", async () => {
  await start();
  const names = [
    "admin.json",
    "secret.key",
    "postern.db",
    "gateway/credentials.json",
    "gateway/snapshot.json",
  ];
  const modes = await Promise.all(names.map(async (name) => (await stat(join(dataDir, name))).mode & 0o777));
  expect(modes).toEqual(names.map(() => 0o600));
  const admin: object = JSON.parse(await readFile(join(dataDir, "admin.json"), "utf8"));
  expect(Object.keys(admin).toSorted()).toEqual(
    "access_key account_id endpoint password project_id region secret_key token user".split(" "),
  );
});
