import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok } from "../support/service.ts";
import type { Connections } from "../support/service.ts";

/** The calls that the Terraform provider makes for a cluster with an endpoint block, one after the other. */

let postern: Postern;
let node: SearchNode;
let clusterId: string;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  await postern.api("POST", "/postern/v1/{pid}/clusters", { name: "logs", nodes: [node.url] });
  const made = await postern.api<{ cluster: { id: string } }>("POST", "/v2.0/{pid}/clusters", {
    cluster: {
      name: "logs",
      datastore: { type: "opensearch", version: "2.19.0" },
      roles: [{ type: "ess", flavorRef: "x", instanceNum: 1, volume: { volume_type: "HIGH", size: 40 } }],
      nics: { vpcId: "", netId: "", securityGroupId: "x" },
      availability_zone: "x",
      loadBalance: { endpointWithDnsName: true, vpcPermissions: ["abc"] },
    },
  });
  clusterId = ok(made).cluster.id;
  await settled();
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

type Detail = {
  readonly status: string;
  readonly actions: readonly unknown[];
  readonly instances: readonly { readonly status: string }[];
  readonly vpcepIp?: string;
};

const cluster = (path = "") => `/v1.0/{pid}/clusters/${clusterId}${path}`;

/** Polls as the provider does after open and close: anything but 100 and 200 is an error. */
async function settled(): Promise<Detail> {
  return await eventually(async () => {
    const { body } = await postern.api<Detail>("GET", cluster());
    const isDone =
      body.status === "200" &&
      body.actions.length === 0 &&
      body.instances.length > 0 &&
      body.instances.every(({ status }) => status === "200");
    return isDone && body;
  });
}

/** What the provider reads: the endpoint's id and address, or nothing while the service is closed. */
async function read() {
  const detail = await postern.api<Detail>("GET", cluster());
  const listed = await postern.api<Connections & { errCode?: string }>(
    "GET",
    cluster("/vpcepservice/connections"),
  );
  const policy = await postern.api("GET", cluster("/index_snapshot/policy"));
  expect(policy.status).toBe(200);
  const [first] = listed.status === 200 ? listed.body.connections : [];
  return { ip: detail.body.vpcepIp, endpoint: first, status: listed.status, code: listed.body.errCode };
}

test("a cluster comes with the endpoint of its block, which its network shows too", async () => {
  const { ip, endpoint, status } = await read();
  expect([status, endpoint]).toMatchObject([200, { vpcepIp: ip }]);
  const shown = await postern.api("GET", `/v1/{pid}/vpc-endpoints/${endpoint?.id ?? ""}`);
  expect(shown.body).toMatchObject({ id: endpoint?.id, ip, status: "accepted" });
});

test("the whitelist alone is replaced", async () => {
  const body = { vpcPermissions: ["abc", "def"] };
  expect((await postern.api("POST", cluster("/vpcepservice/permissions"), body)).status).toBe(200);
  const { body: listed } = await postern.api<Connections>("GET", cluster("/vpcepservice/connections"));
  expect(listed.permissions.map(({ permission }) => permission).toSorted()).toEqual([
    "iam:domain::abc",
    "iam:domain::def",
  ]);
});

test("without the block the service closes, and with it again the endpoint is the same", async () => {
  const before = await read();
  expect((await postern.api("PUT", cluster("/vpcepservice/close"))).status).toBe(200);
  await settled();
  expect(await read()).toMatchObject({ status: 400, code: "CSS.5182" });
  const body = { endpointWithDnsName: true };
  expect((await postern.api("POST", cluster("/vpcepservice/open"), body)).status).toBe(200);
  await settled();
  expect((await read()).endpoint?.id).toBe(before.endpoint?.id);
});

test("a destroyed cluster is gone in the words that the provider knows", async () => {
  expect((await postern.api("DELETE", cluster())).status).toBe(200);
  const gone = await postern.api<{ errCode: string }>("GET", cluster());
  expect([gone.status, gone.body.errCode]).toEqual([403, "CSS.0015"]);
});
