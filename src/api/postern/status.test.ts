import { expect, test } from "vitest";
import type { GatewayView } from "../../domain/control.ts";
import type { GatewayId } from "../../domain/ids.ts";
import { gatewayId, someFigures, uuid } from "../../domain/test-fixtures.ts";
import { startTestServer, type Tenant, type TestServer } from "../test-server.ts";

const aView: GatewayView = {
  id: gatewayId,
  connected: true,
  appliedRevision: 3,
  pid: 4711,
  engines: ["proxy", "kernel"],
  lastSeenAt: null,
};

/** Has the gateway say that the tenant's one endpoint carries sessions. */
async function carry(server: TestServer, tenant: Tenant, sessions: number): Promise<void> {
  const [endpoint] = (await server.store.endpoints.listByProject(tenant.projectId, { offset: 0, limit: 1 }))
    .items;
  if (endpoint)
    server.gateways.figures.set(endpoint.id, { ...someFigures({ sessions }), endpointId: endpoint.id });
}

test("a gateway was last seen when this process heard of it, else when the store knows of", async () => {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  const stored = Date.UTC(2026, 0, 1);
  await server.store.observe((tx) =>
    tx.gateways.insert({ id: gatewayId, name: "local", tokenHash: "h", lastSeenAt: stored }),
  );
  const seen = async (lastSeenAt: number | null): Promise<unknown> => {
    server.gateways.views = [{ ...aView, lastSeenAt }];
    return (await owner.call("GET", "/postern/v1/{p}/status")).body["gateways"];
  };
  expect(await seen(stored + 60_000)).toMatchObject([{ last_seen_at: "2026-01-01T00:01:00Z" }]);
  expect(await seen(null)).toMatchObject([{ last_seen_at: "2026-01-01T00:00:00Z" }]);
});

test("the status, key for key: what the project has, and what every gateway says", async () => {
  const server = await startTestServer();
  const [owner, stranger] = [await server.tenant("owner"), await server.tenant("stranger")];
  await owner.open("logs");
  await stranger.open("theirs");
  const operator = await server.tenant("operator", true);
  const lastSeenAt = Date.UTC(2026, 0, 1);
  await server.store.observe(async (tx) => {
    await tx.gateways.insert({ id: gatewayId, name: "local", tokenHash: "h", lastSeenAt });
    await tx.gateways.insert({ id: uuid(61) as GatewayId, name: "new", tokenHash: "h", lastSeenAt: null });
  });
  server.gateways.views = [aView];
  await carry(server, owner, 5);
  await carry(server, stranger, 7);
  const { status, body } = await owner.call("GET", "/postern/v1/{p}/status");
  expect([status, body]).toEqual([
    200,
    {
      version: "1.2.3",
      region: "region-1",
      dns_zone: "region-1.postern.internal",
      revision: server.store.revision,
      pid: process.pid,
      gateways: [
        {
          id: gatewayId,
          name: "local",
          connected: true,
          applied_revision: 3,
          pid: 4711,
          engines: ["proxy", "kernel"],
          last_seen_at: "2026-01-01T00:00:00Z",
        },
        {
          id: uuid(61),
          name: "new",
          connected: false,
          applied_revision: null,
          pid: null,
          engines: null,
          last_seen_at: null,
        },
      ],
      counts: { clusters: 1, services: 1, endpoints: 1, unattached: 0, sessions: 5 },
    },
  ]);
  const counts = (await operator.call("GET", "/postern/v1/{p}/status")).body["counts"];
  expect(counts).toEqual({ clusters: 0, services: 0, endpoints: 0, unattached: 0, sessions: 12 });
});
