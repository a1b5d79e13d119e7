import { afterAll, beforeAll, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint } from "../support/service.ts";
import { createTenant } from "../support/tenant.ts";
import {
  expectCast,
  expectDecodable,
  itemsOf,
  RequestError,
  TerraformProvider,
} from "../support/terraform-provider.ts";
import type { Json } from "../support/terraform-provider.ts";
import { aTime, aUuid, anAddress } from "../support/wire.ts";

/** What the Terraform provider does for a cluster with an endpoint block, call by call, with its own checks. */

let postern: Postern;
let node: SearchNode;
let provider: TerraformProvider;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  provider = new TerraformProvider(postern.admin);
  for (const name of ["logs", "bare", "tagged"]) {
    await postern.api("POST", "/postern/v1/{pid}/clusters", { name, nodes: [node.url] });
  }
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

/** As a configuration has them: a map. */
type Tags = Readonly<Record<string, string>>;

const tagList = (tags: Tags) => Object.entries(tags).map(([key, value]) => ({ key, value }));

/** The provider's create call, and its wait for the cluster. */
async function create(name: string, loadBalance?: object, tags: Tags = {}): Promise<string> {
  const made = await provider.request("POST", "/v2.0/{pid}/clusters", {
    body: {
      cluster: {
        name,
        datastore: { type: "opensearch", version: "2.19.0" },
        roles: [{ type: "ess", flavorRef: "x", instanceNum: 1, volume: { volume_type: "HIGH", size: 40 } }],
        nics: { vpcId: "v", netId: "n", securityGroupId: "g" },
        availability_zone: "az1",
        authorityEnable: false,
        httpsEnable: false,
        enterprise_project_id: "0",
        ...(Object.keys(tags).length > 0 ? { tags: tagList(tags) } : {}),
        backupStrategy: {
          period: "00:00 GMT+08:00",
          prefix: "snapshot",
          keepday: 7,
          bucket: "b",
          agency: "a",
        },
        ...(loadBalance ? { loadBalance } : {}),
      },
    },
  });
  const { cluster } = made as { readonly cluster?: { readonly id?: string } };
  const id = cluster?.id ?? "";
  expect(id).toEqual(aUuid);
  await provider.poll(pathOf(id), ["100"], ["200"]);
  return id;
}

const pathOf = (id: string, rest = "") => `/v1.0/{pid}/clusters/${id}${rest}`;

/** Waits as after open and close: until the cluster and every instance are at rest. */
const settle = (id: string) =>
  provider.poll(pathOf(id), ["busy"], ["rest"], (body) => {
    expectCast(body, { status: "string" });
    const instances = itemsOf(body, "instances");
    for (const instance of instances) expectCast(instance, { status: "string" });
    const isAtRest =
      body["status"] === "200" &&
      itemsOf(body, "actions").length === 0 &&
      instances.length > 0 &&
      instances.every(({ status }) => status === "200");
    return isAtRest ? "rest" : "busy";
  });

/** The provider's read: it tolerates a closed service and nothing else. */
async function read(id: string) {
  const detail = await provider.request("GET", pathOf(id));
  expectDecodable(detail, {
    name: "string",
    status: "string",
    endpoint: "string",
    created: "string",
    updated: "string",
    vpcId: "string",
    subnetId: "string",
    securityGroupId: "string",
    vpcepIp: "string",
    cmkId: "string",
    enterpriseProjectId: "string",
    datastore: "object",
    tags: "array",
    diskEncrypted: "boolean",
    authorityEnable: "boolean",
    httpsEnable: "boolean",
    backupAvailable: "boolean",
    period: "boolean",
    bandwidthSize: "number",
  });
  const connections = await provider
    .request("GET", pathOf(id, "/vpcepservice/connections"))
    .then((body) => itemsOf(body, "connections"))
    .catch((error: unknown) => {
      const isClosed = error instanceof RequestError && error.status === 400;
      if (isClosed && error.body["errCode"] === "CSS.5182") return [];
      throw error;
    });
  const policy = await provider.request("GET", pathOf(id, "/index_snapshot/policy"));
  expect(policy["enable"]).toBe("false");
  return { vpcep_endpoint_id: connections[0]?.["id"], vpcep_ip: detail["vpcepIp"] };
}

/** What the provider's read makes of the tags: whatever differs from the configuration is a diff. */
async function readTags(id: string): Promise<Tags> {
  const tags = itemsOf(await provider.request("GET", pathOf(id)), "tags");
  for (const tag of tags) expectCast(tag, { key: "string", value: "string" });
  return Object.fromEntries(tags.map(({ key, value }) => [String(key), String(value)]));
}

/** The provider's update: it takes every old tag away, and then puts every new one there. */
async function updateTags(id: string, from: Tags, to: Tags): Promise<void> {
  for (const [action, tags] of [
    ["delete", from],
    ["create", to],
  ] as const) {
    if (Object.keys(tags).length === 0) continue;
    const body = { action, tags: tagList(tags) };
    await provider.request("POST", `/v1.0/{pid}/css-cluster/${id}/tags/action`, { body, ok: [200, 204] });
  }
}

/** The data source: pages of a hundred, until one is not full. */
async function connectionsDataSource(id: string) {
  const all: Json[] = [];
  for (;;) {
    const page = await provider.request(
      "GET",
      pathOf(id, `/vpcepservice/connections?limit=100&offset=${all.length}`),
    );
    expectCast(page, { vpcepUpdateSwitch: "boolean" });
    expectDecodable(page, { vpcServiceName: "string", total_count: "number" });
    const connections = itemsOf(page, "connections");
    for (const connection of connections) {
      expectDecodable(connection, {
        id: "string",
        status: "string",
        maxSession: "string",
        specificationName: "string",
        created_at: "string",
        update_at: "string",
        domain_id: "string",
        vpcepIp: "string",
        vpcepIpv6Address: "string",
        vpcepDnsName: "string",
      });
    }
    all.push(...connections);
    if (connections.length < 100)
      return { connections: all, permissions: itemsOf(page, "permissions"), page };
  }
}

const permissionsOf = async (id: string) =>
  (await connectionsDataSource(id)).permissions.map(({ permission }) => String(permission)).toSorted();

let id: string;

test("the provider starts up: one project of the region, and the account", async () => {
  const { region, project_id: projectId, account_id: accountId } = postern.admin;
  const projects = await provider.request("GET", `/v3/projects?name=${region}`);
  expect(itemsOf(projects, "projects").map((project) => project["id"])).toEqual([projectId]);
  const domains = await provider.request("GET", "/v3/auth/domains");
  expect(itemsOf(domains, "domains")[0]?.["id"]).toBe(accountId);
});

test("tags: what is created and updated is what is read, so that no diff stays", async () => {
  const steps: readonly Tags[] = [
    { team: "search", stage: "" },
    { team: "search", stage: "live", "a@b_c-d": "é" },
    {},
  ];
  const [first = {}] = steps;
  const tagged = await create("tagged", undefined, first);
  let state = await readTags(tagged);
  expect(state).toEqual(first);
  for (const wanted of steps) {
    await updateTags(tagged, state, wanted);
    state = await readTags(tagged);
    expect(state).toEqual(wanted);
  }
});

test("create with the block: the cluster comes with its endpoint", async () => {
  id = await create("logs", { endpointWithDnsName: true, vpcPermissions: ["abc"] });
  expect(await read(id)).toEqual({ vpcep_endpoint_id: aUuid, vpcep_ip: anAddress });
  expect(await permissionsOf(id)).toEqual(["iam:domain::abc"]);
  const { connections } = await connectionsDataSource(id);
  expect(connections).toMatchObject([
    { status: "accepted", vpcepDnsName: expect.any(String), created_at: aTime },
  ]);
});

test("create without the block, and add it later without its whitelist", async () => {
  const bare = await create("bare");
  expect(await read(bare)).toEqual({ vpcep_endpoint_id: undefined, vpcep_ip: undefined });
  await provider.request("POST", pathOf(bare, "/vpcepservice/open"), {
    body: { endpointWithDnsName: false },
  });
  await settle(bare);
  expect(await read(bare)).toEqual({ vpcep_endpoint_id: aUuid, vpcep_ip: anAddress });
  expect((await connectionsDataSource(bare)).connections[0]).not.toHaveProperty("vpcepDnsName");
});

test.each([[["abc", "def"]], [[]], [["*"]]])("the whitelist alone changes to %j", async (wanted) => {
  const body = { vpcPermissions: wanted };
  await provider.request("POST", pathOf(id, "/vpcepservice/permissions"), { body });
  const expected = wanted.map((account) => (account === "*" ? "*" : `iam:domain::${account}`));
  expect(await permissionsOf(id)).toEqual(expected);
});

test("the data source reads more connections than fit one page", async () => {
  const { page } = await connectionsDataSource(id);
  const consumer = await createTenant(postern, "consumer");
  const made = new Set<string>();
  for (let index = 0; index < 100; index += 1) {
    made.add((await createEndpoint(consumer, String(page["vpcServiceName"]))).id);
  }
  const { connections } = await connectionsDataSource(id);
  const ids = connections.map((connection) => String(connection["id"]));
  expect([ids.length, new Set(ids).size]).toEqual([101, 101]);
  expect([...made].filter((endpoint) => !ids.includes(endpoint))).toEqual([]);
});

test("the update resource rejects and receives, and the next read shows it", async () => {
  const { connections } = await connectionsDataSource(id);
  const endpoint = connections.at(-1)?.["id"];
  for (const [action, status] of [
    ["reject", "rejected"],
    ["receive", "accepted"],
  ]) {
    const body = { action, endpoint_id_list: [endpoint] };
    await provider.request("POST", pathOf(id, "/vpcepservice/connections"), { body });
    const { connections: after } = await connectionsDataSource(id);
    expect(after.find((connection) => connection["id"] === endpoint)?.["status"]).toBe(status);
  }
});

test("the block removed closes the service, and added again it opens as it was", async () => {
  const { connections: before } = await connectionsDataSource(id);
  await provider.request("PUT", pathOf(id, "/vpcepservice/close"));
  await settle(id);
  expect(await read(id)).toEqual({ vpcep_endpoint_id: undefined, vpcep_ip: undefined });
  await provider.request("POST", pathOf(id, "/vpcepservice/open"), { body: { endpointWithDnsName: true } });
  await settle(id);
  const { connections: after } = await connectionsDataSource(id);
  expect(after.map((connection) => connection["id"])).toEqual(before.map((connection) => connection["id"]));
  expect((await read(id)).vpcep_endpoint_id).toBe(before[0]?.["id"]);
});

test("destroy: the cluster is gone in the words that the provider knows", async () => {
  await provider.request("DELETE", pathOf(id));
  await provider.poll(pathOf(id), ["100", "200"], ["gone"]);
  await expect(provider.request("DELETE", pathOf(id))).rejects.toMatchObject({ isGone: true });
});
