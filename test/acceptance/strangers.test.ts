import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import type { Session } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";

/** Ids of what operating the service makes visible: of the owner, or of nothing at all. */
type Ids = {
  readonly cluster: string;
  readonly service: string;
  readonly endpoint: string;
  readonly session: string;
  readonly node: string;
  readonly webhook: string;
  readonly domain: string;
};

let postern: Postern;
let node: SearchNode;
let stranger: Tenant;
let service: Service;
let session: Session;
let owners: Ids;
const nobodys: Ids = {
  cluster: randomUUID(),
  service: randomUUID(),
  endpoint: randomUUID(),
  session: "192.0.2.1:40000-9200",
  node: randomUUID(),
  webhook: randomUUID(),
  domain: randomUUID(),
};

beforeAll(async () => {
  node = await startNode();
  postern = await startPostern({ args: ["--webhook-allow", "127.0.0.0/8"] });
  stranger = await createTenant(postern, "stranger");
  const webhook = ok(
    await postern.api<{ id: string }>("POST", "/postern/v1/{pid}/webhooks", { url: "http://127.0.0.1:9/" }),
  );
  service = await Service.open(postern, "treasure", [node]);
  const own = await service.ownEndpoint();
  const { services } = ok(
    await postern.api<{ services: { id: string }[] }>("GET", "/postern/v1/{pid}/services"),
  );
  const [opened] = services;
  const { nodes } = ok(
    await postern.api<{ nodes: { id: string }[] }>("GET", `/postern/v1/{pid}/clusters/${service.clusterId}`),
  );
  const domain = ok(
    await postern.api<{ id: string }>("POST", `/postern/v1/{pid}/services/${opened?.id}/domains`, {
      name: "treasure.example.org",
    }),
  );
  session = await openSession(own);
  const refused = await createEndpoint(postern, await service.name());
  ok(await service.decide("reject", refused.id));
  await refusalOf(refused);
  const [live] = await eventually(async () => {
    const found = await sessionsOf(own.id);
    return found.length === 1 && found;
  });
  await eventually(async () => (await service.refusals(refused.id)).not_accepted === 1);
  owners = {
    cluster: service.clusterId,
    service: opened?.id ?? "",
    endpoint: own.id,
    session: live?.id ?? "",
    node: nodes[0]?.id ?? "",
    webhook: webhook.id,
    domain: domain.id,
  };
});
afterAll(async () => {
  session.close();
  await postern.stop();
  await node.stop();
});

async function sessionsOf(endpoint: string): Promise<readonly { readonly id: string }[]> {
  const path = `/postern/v1/{pid}/endpoints/${endpoint}/sessions`;
  return ok(await postern.api<{ sessions: { id: string }[] }>("GET", path)).sessions;
}

type Row = {
  readonly operation: string;
  readonly method: string;
  readonly path: (ids: Ids) => string;
  readonly body: (ids: Ids) => object | undefined;
};

const own = "/postern/v1/{pid}";
const ofCluster = (rest: string) => (ids: Ids) => `${own}/clusters/${ids.cluster}/${rest}`;
const ofService = (rest: string) => (ids: Ids) => `${own}/services/${ids.service}/${rest}`;
const ofEndpoint = (rest: string) => (ids: Ids) => `${own}/endpoints/${ids.endpoint}/${rest}`;
const ofWebhook = (rest: string) => (ids: Ids) => `${own}/webhooks/${ids.webhook}${rest}`;
const ofDomain = (rest: string) => (ids: Ids) =>
  `${own}/services/${ids.service}/domains/${ids.domain}${rest}`;

/** Operations that name something. */
const named: readonly Row[] = [
  row("ListSessionsOfCluster", "GET", ofCluster("sessions")),
  row("ListSessionsOfService", "GET", ofService("sessions")),
  row("ListSessionsOfEndpoint", "GET", ofEndpoint("sessions")),
  row(
    "EndSessionOfCluster",
    "DELETE",
    (ids) => `${ofCluster(`sessions/${ids.session}`)(ids)}?endpoint=${ids.endpoint}`,
  ),
  row("EndSessionOfService", "DELETE", (ids) => ofService(`sessions/${ids.session}`)(ids)),
  row("EndSessionOfEndpoint", "DELETE", (ids) => ofEndpoint(`sessions/${ids.session}`)(ids)),
  row("ListRefusalsOfCluster", "GET", ofCluster("refusals")),
  row("ListRefusalsOfService", "GET", ofService("refusals")),
  row("ListRefusalsOfEndpoint", "GET", ofEndpoint("refusals")),
  row("ExplainConnection", "GET", (ids) => `${own}/explain?endpoint=${ids.endpoint}`),
  row(
    "ExplainConnection of his own account",
    "GET",
    (ids) => `${own}/explain?endpoint=${ids.endpoint}&account=${stranger.admin.account_id}`,
  ),
  row("ListSamplesOfCluster", "GET", ofCluster("samples")),
  row("ListThroughputOfConnections", "GET", ofCluster("samples/connections")),
  row("ListSamplesOfEndpoint", "GET", ofEndpoint("samples")),
  row("ShowClusterAccess", "GET", ofCluster("access")),
  row("ShowWebhook", "GET", ofWebhook("")),
  row("UpdateWebhook", "PUT", ofWebhook(""), () => ({ url: "http://127.0.0.1:10/" })),
  row("TestWebhook", "POST", ofWebhook("/test")),
  row("ListWebhookDeliveries", "GET", ofWebhook("/deliveries")),
  row("RetryWebhookDelivery", "POST", ofWebhook("/deliveries/1/retry")),
  row("DeleteWebhook", "DELETE", ofWebhook("")),
  row(
    "DrainNode",
    "POST",
    (ids) => ofCluster(`nodes/${ids.node}/drain`)(ids),
    () => ({ force: true }),
  ),
  row("UndrainNode", "POST", (ids) => ofCluster(`nodes/${ids.node}/undrain`)(ids)),
  row("ListServiceDomains", "GET", ofService("domains")),
  row("CreateServiceDomain", "POST", ofService("domains"), () => ({ name: "mine.example.org" })),
  row("ShowServiceDomain", "GET", ofDomain("")),
  row("VerifyServiceDomain", "POST", ofDomain("/verify")),
  row("DeleteServiceDomain", "DELETE", ofDomain("")),
  row("ListConnectionsOfService", "GET", ofService("connections")),
  row("DecideConnectionsOfService", "POST", ofService("connections"), (ids) => ({
    action: "reject",
    endpoint_id_list: [ids.endpoint],
  })),
  row("ReplaceWhitelistOfService", "POST", ofService("permissions"), () => ({
    permissions: ["*"],
    vpc_permissions: ["*"],
  })),
];

function row(
  operation: string,
  method: string,
  path: (ids: Ids) => string,
  body: (ids: Ids) => object | undefined = () => undefined,
): Row {
  return { operation, method, path, body };
}

/** Operations that list what there is, some of it narrowed down to what is the owner's. */
const listing: readonly Pick<Row, "operation" | "path">[] = [
  { operation: "ListEvents", path: () => `${own}/events?limit=1000` },
  { operation: "ListAudit", path: () => `${own}/audit?limit=1000` },
  { operation: "ListAudit of an endpoint", path: (ids) => `${own}/audit?resource=endpoint/${ids.endpoint}` },
  {
    operation: "ListAudit of a session",
    path: (ids) => `${own}/audit?resource=session/${ids.endpoint}/${ids.session}`,
  },
  { operation: "ListAudit of an actor", path: () => `${own}/audit?actor=system` },
  { operation: "ExportAudit", path: () => `${own}/audit/export` },
  { operation: "ListWebhooks", path: () => `${own}/webhooks` },
  { operation: "ListServices", path: () => `${own}/services` },
];

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** An answer's text without what the stranger has named himself, and without the time and the number of his request. */
function asTextOf(ids: Ids, body: Readonly<Record<string, unknown>>): string {
  const text = asText({ ...body, request_id: "" }).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "now");
  return Object.entries(ids).reduce((rest, [kind, id]) => rest.replaceAll(id, kind), text);
}

describe.each(named)("$operation", ({ method, path, body }) => {
  test("does not serve a stranger in the owner's project", async () => {
    const inOwners = path(owners).replaceAll("{pid}", postern.admin.project_id);
    const answer = await stranger.api(method, inOwners, body(owners));
    expect([answer.status, answer.body["errCode"]]).toEqual([403, "CSS.0015"]);
  });

  test("answers a stranger in his own as if there were no such thing", async () => {
    const [ofOwner, ofNobody] = [
      await stranger.api(method, path(owners), body(owners)),
      await stranger.api(method, path(nobodys), body(nobodys)),
    ];
    expect([ofOwner.status, asTextOf(owners, ofOwner.body)]).toEqual([
      ofNobody.status,
      asTextOf(nobodys, ofNobody.body),
    ]);
    expect(Math.floor(ofOwner.status / 100)).toBe(4);
  });
});

describe.each(listing)("$operation", ({ path }) => {
  test("does not serve a stranger in the owner's project", async () => {
    const answer = await stranger.api("GET", path(owners).replaceAll("{pid}", postern.admin.project_id));
    expect([answer.status, answer.body["errCode"]]).toEqual([403, "CSS.0015"]);
  });

  test("shows a stranger nothing of the owner's", async () => {
    const answer = await stranger.api("GET", path(owners));
    expect(answer.status).toBe(200);
    const shown = asText(answer.body);
    const secrets = [...Object.values(owners), "treasure", postern.admin.project_id, node.url];
    expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
  });
});

test("the owner's things have lived through all of it", async () => {
  await expect(session.echo()).resolves.toBeUndefined();
  expect((await sessionsOf(owners.endpoint)).map(({ id }) => id)).toEqual([owners.session]);
  const { webhooks } = ok(
    await postern.api<{ webhooks: { id: string; url: string }[] }>("GET", `${own}/webhooks`),
  );
  expect(webhooks).toMatchObject([{ id: owners.webhook, url: "http://127.0.0.1:9/" }]);
  const { domains } = ok(
    await postern.api<{ domains: { id: string }[] }>("GET", `${own}/services/${owners.service}/domains`),
  );
  expect(domains.map(({ id }) => id)).toEqual([owners.domain]);
  const { permissions } = await service.connections();
  expect(permissions.map(({ permission }) => permission)).toEqual([
    `iam:domain::${postern.admin.account_id}`,
  ]);
});
