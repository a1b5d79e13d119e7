import { expect, test } from "vitest";
import type { EndpointId } from "../../domain/ids.ts";
import type { RefusalRecord } from "../../domain/refusal-record.ts";
import { gatewayId } from "../../domain/test-fixtures.ts";
import { refusal, startTestServer, type Json } from "../test-server.ts";

async function start() {
  const server = await startTestServer();
  const [owner, consumer] = [await server.tenant("owner"), await server.tenant("consumer")];
  const cluster = await owner.open("logs");
  const { vpcServiceName, connections } = await cluster.connections();
  await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [consumer.accountId] });
  const id = await consumer.connect(vpcServiceName);
  const own = (connections[0]?.id ?? "") as EndpointId;
  const service = vpcServiceName.split(".").at(-1) ?? "";
  const at = server.clock.now();
  const of = (endpointId: EndpointId, lastAt: number, source: string | null): RefusalRecord => {
    return { endpointId, reason: "session_cap", source, firstAt: at, lastAt, count: 7 };
  };
  const records = [of(own, at, "127.0.0.1"), of(id, at + 1_000, null), of(id, at + 2_000, "127.9.0.7")];
  await server.store.observe(async (tx) => {
    await tx.gateways.insert({ id: gatewayId, name: "local", tokenHash: "h", lastSeenAt: null });
    await tx.refusals.take(gatewayId, { process: "p", sequence: 1, records }, at);
  });
  return { server, owner, consumer, cluster, id, own, service };
}

test("the owner sees those of all endpoints, by service and by cluster, latest first", async () => {
  const { owner, cluster, service, id, own, consumer } = await start();
  const byService = await owner.call("GET", `/postern/v1/{p}/services/${service}/refusals`);
  const byCluster = await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}/refusals`);
  expect(byCluster.body).toEqual(byService.body);
  const listed = byService.body["refusals"] as Json[];
  expect(listed.map(({ endpoint, source }) => [endpoint, source])).toEqual([
    [id, "127.9.0.7"],
    [id, undefined],
    [own, "127.0.0.1"],
  ]);
  expect(listed[0]).toEqual({
    reason: "session_cap",
    rule: `All sessions that endpoint ${id} may have were in use.`,
    source: "127.9.0.7",
    endpoint: id,
    account: consumer.accountId,
    first_at: "2026-01-02T03:04:05Z",
    last_at: "2026-01-02T03:04:07Z",
    count: 7,
  });
  const page = await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}/refusals?offset=1&limit=1`);
  expect(page.body).toEqual({ refusals: [listed[1]], total_count: 3 });
});

test("the consumer sees those of his own endpoint, and nobody those of another's", async () => {
  const { consumer, owner, id, own, service } = await start();
  const { body } = await consumer.call("GET", `/postern/v1/{p}/endpoints/${id}/refusals`);
  expect((body["refusals"] as Json[]).map(({ source }) => source)).toEqual(["127.9.0.7", undefined]);
  expect(refusal(await consumer.call("GET", `/postern/v1/{p}/endpoints/${own}/refusals`))).toBe(
    "404 CSS.0016",
  );
  expect(refusal(await owner.call("GET", `/postern/v1/{p}/endpoints/${id}/refusals`))).toBe("404 CSS.0016");
  expect(refusal(await consumer.call("GET", `/postern/v1/{p}/services/${service}/refusals`))).toBe(
    "404 CSS.0016",
  );
});

test("those of a cluster whose service is closed are still told, by either name, and of one that never was open none", async () => {
  const { owner, consumer, cluster, service } = await start();
  await cluster.call("PUT", "/vpcepservice/close");
  const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}/refusals`);
  expect(body["total_count"]).toBe(3);
  const path = `/postern/v1/{p}/services/${service}/refusals`;
  expect((await owner.call("GET", path)).body).toEqual(body);
  expect(refusal(await consumer.call("GET", path))).toBe("404 CSS.0016");
  const spare = await owner.register("spare");
  const none = await owner.call("GET", `/postern/v1/{p}/clusters/${spare.id}/refusals`);
  expect(none.body).toEqual({ refusals: [], total_count: 0 });
});
