import { expect, test } from "vitest";
import type { NodeId } from "../../domain/ids.ts";
import { gatewayId, someFigures } from "../../domain/test-fixtures.ts";
import { refusal, startTestServer, type Answer, type Tenant, type TestServer } from "../test-server.ts";

interface Rule {
  readonly name: string;
  readonly outcome: string;
  readonly looked_at: string;
  readonly change?: { readonly by: string; readonly command?: string };
}

function rulesOf({ body }: Answer): readonly Rule[] {
  return body["rules"] as Rule[];
}

const ask = (tenant: Tenant, id: string, query = ""): Promise<Answer> =>
  tenant.call("GET", `/postern/v1/{p}/explain?endpoint=${id}${query}`);

async function attach(server: TestServer): Promise<void> {
  await server.attachAll();
  const lastSeenAt = server.clock.now();
  const view = {
    id: gatewayId,
    connected: true,
    appliedRevision: server.store.revision,
    pid: 1,
    engines: null,
    lastSeenAt,
  };
  server.gateways.views = [view];
}

/** An owner's open cluster, and a consumer's endpoint to it. */
async function start() {
  const server = await startTestServer();
  const [owner, consumer] = [await server.tenant("owner"), await server.tenant("consumer")];
  const cluster = await owner.open("logs", {});
  const { vpcServiceName } = await cluster.connections();
  await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: [consumer.accountId] });
  const id = await consumer.connect(vpcServiceName);
  await attach(server);
  return { server, owner, consumer, cluster, id };
}

test("what is admitted names every rule in order, and nothing is changed by asking", async () => {
  const { server, owner, consumer, id } = await start();
  const { revision, generation } = server.store;
  for (const tenant of [owner, consumer]) {
    const answer = await ask(tenant, id, "&source=127.0.0.1&port=9200");
    expect(answer.body).toMatchObject({ endpoint: id, source: "127.0.0.1", port: 9200, verdict: "admitted" });
    expect(rulesOf(answer).map(({ name }) => name)).toEqual([
      "network",
      "gateway",
      "address",
      "origin",
      "port",
      "service",
      "whitelist",
      "approval",
      "sources",
      "nodes",
      "connection rate",
      "session cap",
      "address family",
    ]);
  }
  expect([server.store.revision, server.store.generation]).toEqual([revision, generation]);
});

test("the deciding rule is the last, and says what would turn it and who can", async () => {
  const { cluster, consumer, id } = await start();
  await cluster.call("POST", "/vpcepservice/connections", { action: "reject", endpoint_id_list: [id] });
  const answer = await ask(consumer, id);
  expect(answer.body).toMatchObject({ verdict: "refused", reason: "not_accepted" });
  expect(rulesOf(answer).at(-1)).toMatchObject({
    name: "approval",
    outcome: "refused",
    change: { by: "owner", command: `postern accept ${id}` },
  });
});

test("the owner is told which nodes are dead, and a consumer that there is none", async () => {
  const { server, owner, consumer, cluster, id } = await start();
  const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${cluster.id}`);
  for (const { id: node } of body["nodes"] as { id: NodeId }[])
    server.gateways.nodes.set(node, {
      nodeId: node,
      serviceId: "" as never,
      healthy: false,
      detail: "timeout",
    });
  const [toOwner, toConsumer] = [await ask(owner, id), await ask(consumer, id)];
  expect(toOwner.body).toMatchObject({ reason: "no_healthy_node" });
  expect(rulesOf(toOwner).at(-1)?.looked_at).toContain("10.0.0.5 port 9200");
  expect(rulesOf(toConsumer).at(-1)?.looked_at).toBe("No healthy node.");
  expect(toConsumer.text).not.toContain("10.0.0.5");
});

test("sessions in use are told with the time that they are known of", async () => {
  const { server, consumer, id } = await start();
  server.gateways.figures.set(id, someFigures({ endpointId: id, sessions: 3_000 }));
  const answer = await ask(consumer, id);
  expect(answer.body).toMatchObject({ verdict: "refused", reason: "session_cap" });
  const at = new Date(server.clock.now()).toISOString();
  expect(rulesOf(answer).at(-1)?.looked_at).toBe(`3000 of 3000 sessions are in use as of ${at}.`);
});

test("the owner asks for other accounts, a consumer for his own alone", async () => {
  const { server, owner, consumer, cluster, id } = await start();
  const stranger = await server.tenant("stranger");
  const answer = await ask(owner, id, `&account=${stranger.accountId}`);
  expect(answer.body).toMatchObject({
    account: stranger.accountId,
    verdict: "refused",
    reason: "not_whitelisted",
  });
  expect(rulesOf(answer).at(-1)?.change?.command).toBe(
    `postern whitelist logs --add ${stranger.accountId} && postern accept ${id}`,
  );
  expect((await ask(consumer, id, `&account=${consumer.accountId}`)).body["verdict"]).toBe("admitted");
  const refused = await ask(consumer, id, `&account=${stranger.accountId}`);
  expect(refusal(refused)).toBe("400 CSS.0001");
  expect(refused.text).toContain("Only the owner of the service may ask");
  // The endpoint that opening made is the owner's own: the consumer may not even know that it is there.
  const own = (await cluster.connections()).connections.find((connection) => connection.id !== id);
  expect(refusal(await ask(consumer, own?.id ?? ""))).toBe(refusal(await ask(consumer, "none")));
});

test("without a gateway nothing is promised", async () => {
  const { server, consumer, id } = await start();
  server.gateways.views = server.gateways.views.map((view) => ({ ...view, connected: false }));
  expect((await ask(consumer, id)).body).toMatchObject({ verdict: "unknown", reason: "gateway_away" });
  server.gateways.views = [];
  expect((await ask(consumer, id)).body).toMatchObject({ verdict: "unreachable", reason: "no_gateway" });
});

test("a stranger's question and a malformed one are refused", async () => {
  const { server, consumer, id } = await start();
  const stranger = await server.tenant("stranger");
  expect(refusal(await ask(stranger, id))).toBe(
    refusal(await ask(stranger, "00000000-0000-4000-8000-000000000404")),
  );
  for (const query of ["&source=here", "&source=10.0.0.0/8", "&port=0", "&port=x"])
    expect(refusal(await ask(consumer, id, query))).toMatch(/^400 /);
});
