import { expect, test } from "vitest";
import { accessTo } from "../domain/audit-access.ts";
import type { EndpointId, PermissionId } from "../domain/ids.ts";
import type { Permission } from "../domain/resources.ts";
import type { AuditEntry, Repositories } from "../domain/store.ts";
import { anEndpoint, aService, clusterId, projectId, serviceId, uuid } from "../domain/test-fixtures.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { TestClock } from "../lib/test-clock.ts";
import { insertBasics } from "./test-basics.ts";
import { openTestStore } from "./test-store.ts";

const entry: AuditEntry = { actor: "u1", action: "random", resource: "cluster/c1" };
const steps = 150;

function pick(count: number): number {
  return Math.floor(Math.random() * count);
}

/** Does something that changes who can reach the cluster, or nothing. */
async function change(tx: Repositories, step: number): Promise<void> {
  const id = uuid(500 + pick(6)) as EndpointId;
  const endpoint = await tx.endpoints.find(id);
  const service = await tx.services.find(serviceId);
  if (!service) return tx.services.insert(aService());
  const [permission] = await tx.services.permissions(serviceId);
  const actions: readonly (() => Promise<void>)[] = [
    () => tx.services.update(aService({ enabled: !service.enabled })),
    () =>
      endpoint
        ? tx.endpoints.setState(id, { ...endpoint, approval: pick(2) ? "accepted" : "rejected" }, step)
        : tx.endpoints.insert(anEndpoint({ id, address: `127.80.1.${step}` as Ipv4, approval: "accepted" })),
    () => (endpoint ? tx.endpoints.delete(id) : Promise.resolve()),
    () =>
      endpoint
        ? tx.endpoints.setDetails(
            id,
            { ...endpoint, sourceWhitelist: [`10.0.0.${step}`], sourceWhitelistEnabled: true },
            step,
          )
        : Promise.resolve(),
    () =>
      endpoint ? tx.endpoints.setCaps(id, { ...endpoint, maxSession: step + 1 }, step) : Promise.resolve(),
    () => tx.services.insertPermissions([permissionOf(step)]),
    () => (permission ? tx.services.deletePermissions([permission.id]) : Promise.resolve()),
    () => (pick(8) === 0 ? tx.services.delete(serviceId) : Promise.resolve()),
  ];
  await actions[pick(actions.length)]?.();
}

function permissionOf(step: number): Permission {
  const id = uuid(900 + step) as PermissionId;
  return {
    id,
    serviceId,
    permission: `iam:domain::a${step}`,
    permissionType: "domainId",
    description: "",
    createdAt: step,
  };
}

/** Reads the same from the repositories. */
async function presentAccess(tx: Repositories): Promise<unknown> {
  const service = await tx.services.find(serviceId);
  if (!service?.enabled) return { permissions: [], endpoints: [] };
  const endpoints = (await tx.endpoints.allOfService(serviceId)).filter(
    ({ approval, phase }) => approval === "accepted" && phase === "ready",
  );
  return {
    permissions: (await tx.services.permissions(serviceId)).map(({ permission }) => permission).toSorted(),
    endpoints: endpoints
      .map(({ id, address, maxSession, sourceWhitelist }) => [id, address, maxSession, sourceWhitelist])
      .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  };
}

test("who could reach a cluster at any step of a random history is told as it was", async () => {
  const clock = new TestClock();
  const store = await openTestStore(undefined, clock);
  await store.write(entry, insertBasics);
  const history: { readonly at: number; readonly access: unknown }[] = [];
  for (let step = 1; step <= steps; step += 1) {
    clock.advance(pick(3) * 1_000 + 1);
    await store.write(entry, (tx) => change(tx, step));
    history.push({ at: clock.now(), access: await presentAccess(store) });
  }
  for (const { at, access } of history) {
    const told = accessTo(await store.audit.rowsAt(projectId, clusterId, at), clusterId);
    expect({
      permissions: told?.services.flatMap(({ permissions }) => permissions).toSorted(),
      endpoints: told?.endpoints.map(({ id, row }) => [
        id,
        row["address"],
        row["max_session"],
        row["source_whitelist"],
      ]),
    }).toEqual(access);
  }
  expect(new Set(history.map(({ access }) => JSON.stringify(access))).size).toBeGreaterThan(10);
});
