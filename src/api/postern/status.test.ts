import { expect, test } from "vitest";
import type { GatewayId } from "../../domain/ids.ts";
import { endpointId, gatewayId, someFigures, uuid } from "../../domain/test-fixtures.ts";
import { startTestServer } from "../test-server.ts";

test("the status, key for key: what the project has, and what every gateway says", async () => {
  const server = await startTestServer();
  const owner = await server.tenant("owner");
  await owner.open("logs");
  await (await server.tenant("stranger")).open("theirs");
  const lastSeenAt = Date.UTC(2026, 0, 1);
  await server.store.observe(async (tx) => {
    await tx.gateways.insert({ id: gatewayId, name: "local", tokenHash: "h", lastSeenAt });
    await tx.gateways.insert({ id: uuid(61) as GatewayId, name: "new", tokenHash: "h", lastSeenAt: null });
  });
  server.gateways.views = [{ id: gatewayId, connected: true, appliedRevision: 3, pid: 4711 }];
  server.gateways.figures.set(endpointId, someFigures({ sessions: 5 }));
  const { status, body } = await owner.call("GET", "/postern/v1/{p}/status");
  expect([status, body]).toEqual([
    200,
    {
      version: "1.2.3",
      region: "region-1",
      revision: server.store.revision,
      pid: process.pid,
      gateways: [
        {
          id: gatewayId,
          name: "local",
          connected: true,
          applied_revision: 3,
          pid: 4711,
          last_seen_at: "2026-01-01T00:00:00Z",
        },
        {
          id: uuid(61),
          name: "new",
          connected: false,
          applied_revision: null,
          pid: null,
          last_seen_at: null,
        },
      ],
      counts: { clusters: 1, services: 1, endpoints: 1, sessions: 5 },
    },
  ]);
});
