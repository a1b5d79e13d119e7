import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { networkOf } from "../support/network.ts";
import type { Postern } from "../support/postern.ts";
import type { PythonSdk } from "../support/python-sdk.ts";
import { startPythonSystem } from "../support/python-system.ts";
import type { Ask, PythonSystem } from "../support/python-system.ts";
import { Service } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import type { Tenant } from "../support/tenant.ts";
import { aClusterTime, aTime, aUuid, anAddress } from "../support/wire.ts";

/** The published Python clients, unchanged: nothing but their endpoint tells them apart from those of the cloud. */

let system: PythonSystem;
let postern: Postern;
let consumer: Tenant;
let sdk: PythonSdk;
let owner: Ask;
let logs: Service;
let obstacle = "";
beforeAll(async () => {
  const started = await startPythonSystem();
  if (typeof started === "string") {
    obstacle = started;
    return;
  }
  system = started;
  ({ postern, consumer, sdk, askAsOwner: owner } = system);
  logs = await Service.register(postern, "logs", [system.node]);
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

function signIn(password: string) {
  const domain = { name: "postern" };
  const identity = {
    methods: ["password"],
    password: { user: { name: postern.admin.user, password, domain } },
  };
  return { body: { auth: { identity, scope: { project: { name: postern.admin.region } } } } };
}

describe("the identity client", () => {
  test("finds the project of the region", async () => {
    const { account_id: accountId, project_id: projectId, region } = postern.admin;
    const project = { id: projectId, name: region, domain_id: accountId, enabled: true, is_domain: false };
    expect(await owner("iam.keystone_list_auth_projects")).toMatchObject({ projects: [project] });
    expect(await owner("iam.keystone_list_projects", { name: region })).toMatchObject({
      projects: [project],
    });
    expect(await owner("iam.keystone_list_projects", { name: "elsewhere" })).toMatchObject({ projects: [] });
    const domain = { id: accountId, name: "postern", enabled: true };
    expect(await owner("iam.keystone_list_auth_domains")).toMatchObject({ domains: [domain] });
  });

  test("signs in by password, and gets a temporary key for the token, which works", async () => {
    const { project_id: projectId, password, region, user: name } = postern.admin;
    type Token = { readonly x_subject_token: string };
    const signed = await sdk.call<Token>(
      "owner",
      "iam.keystone_create_user_token_by_password",
      signIn(password),
    );
    expect(signed).toMatchObject({
      status: 201,
      body: { token: { methods: ["password"], project: { id: projectId, name: region }, user: { name } } },
    });
    const token = { id: signed.body.x_subject_token, duration_seconds: 900 };
    const body = { auth: { identity: { methods: ["token"], token } } };
    type Key = { readonly credential: { access: string; secret: string; securitytoken: string } };
    const { credential } = await owner<Key>("iam.create_temporary_access_key_by_token", { body });
    const key = { access_key: credential.access, secret_key: credential.secret };
    const caller = { ...key, security_token: credential.securitytoken };
    expect((await sdk.call(caller, "css.list_clusters_details")).body).toMatchObject({ total_size: 1 });
    const project = { account_id: postern.admin.account_id, project_id: projectId };
    expect(await sdk.exceptionOf({ ...key, ...project }, "css.list_clusters_details")).toMatchObject({
      status: 401,
      error_code: "APIGW.0301",
    });
  });
});

describe("exceptions", () => {
  const absent = crypto.randomUUID();
  test.each([
    ["css.show_vpcep_connection", () => ({ cluster_id: logs.clusterId }), 400, "CSS.5182"],
    ["css.stop_vpcep", () => ({ cluster_id: logs.clusterId }), 400, "CSS.5182"],
    ["css.show_cluster_detail", () => ({ cluster_id: absent }), 403, "CSS.0015"],
    ["css.list_clusters_details", () => ({ limit: 0 }), 400, "CSS.5038"],
    ["vpcep.list_service_details", () => ({ vpc_endpoint_service_id: absent }), 404, "EndPoint.0005"],
    ["vpcep.list_endpoint_info_details", () => ({ vpc_endpoint_id: absent }), 404, "EndPoint.2006"],
    ["vpcep.list_endpoints", () => ({ limit: 0 }), 400, "EndPoint.0006"],
    ["vpcep.list_endpoints", () => ({ sort_dir: "up" }), 400, "EndPoint.0018"],
    ["iam.keystone_create_user_token_by_password", () => signIn("wrong"), 401, 401],
  ] as const)("%s with %s is %i %s", async (method, request, status, code) => {
    expect(await sdk.exceptionOf("owner", method, request())).toEqual({
      exception: "ClientRequestException",
      status,
      error_code: code,
      error_msg: expect.stringMatching(/.{10}/),
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  test("a wrong secret key is refused with its reason", async () => {
    const caller = { ...postern.admin, secret_key: "wrong" };
    expect(await sdk.exceptionOf(caller, "vpcep.list_quota_details")).toMatchObject({
      status: 401,
      error_code: "APIGW.0301",
      error_msg: expect.stringContaining("verify aksk signature fail"),
    });
  });
});

type Connection = { readonly id: string; readonly status: string; readonly vpcep_ip: string };
type Connections = {
  readonly connections: readonly Connection[];
  readonly total_count: number;
  readonly vpc_service_name: string;
  readonly permissions: readonly { readonly permission: string }[];
};

const list = (page: object = {}) =>
  owner<Connections>("css.show_vpcep_connection", { cluster_id: logs.clusterId, ...page });

describe("the search client", () => {
  let own: Connection;
  let theirs: Connection;
  let port: number;

  test("lists clusters by page, and shows one", async () => {
    await Service.register(postern, "metrics", [system.node]);
    const first = await owner("css.list_clusters_details", { limit: 1 });
    expect(first).toMatchObject({ total_size: 2, clusters: [{ name: "metrics" }] });
    const cluster = {
      id: logs.clusterId,
      name: "logs",
      status: "200",
      datastore: { type: "opensearch", version: "2.19.0" },
      instances: [{ status: "200", type: "ess" }],
      actions: [],
      action_progress: {},
      created: aClusterTime,
    };
    expect(await owner("css.list_clusters_details", { limit: 1, offset: 2 })).toMatchObject({
      total_size: 2,
    });
    expect(await owner("css.show_cluster_detail", { cluster_id: logs.clusterId })).toMatchObject({
      ...cluster,
      support_vpcep: true,
    });
  });

  test("opens the service, for a caller that knows the region only", async () => {
    const { access_key, secret_key } = postern.admin;
    const request = { cluster_id: logs.clusterId, body: { endpoint_with_dns_name: true } };
    const opened = await sdk.call({ access_key, secret_key }, "css.start_vpcep", request);
    expect(opened).toEqual({ status: 200, body: { action: "createVpcepservice" } });
    const listed = await list();
    expect(listed).toStrictEqual({
      connections: [
        {
          id: aUuid,
          status: "accepted",
          max_session: "3000",
          specification_name: "default",
          vpcep_ip: anAddress,
          vpcep_dns_name: expect.stringMatching(/^vpcep-[0-9a-f-]{36}\.region-1\./),
          created_at: aTime,
          domain_id: postern.admin.account_id,
        },
      ],
      vpcep_update_switch: true,
      total_count: 1,
      vpc_service_name: expect.stringMatching(/^region-1\.logs\.[0-9a-f-]{36}$/),
      permissions: [
        {
          id: aUuid,
          permission: `iam:domain::${postern.admin.account_id}`,
          permission_type: "domainId",
          created_at: aTime,
        },
      ],
    });
    own = listed.connections[0] ?? own;
    expect(await owner("css.show_cluster_detail", { cluster_id: logs.clusterId })).toMatchObject({
      vpcep_ip: own.vpcep_ip,
    });
    expect(await sdk.exceptionOf("owner", "css.start_vpcep", request)).toMatchObject({ status: 409 });
  });

  test("lets an account in by the whitelist, page by page", async () => {
    const body = { vpc_permissions: [consumer.admin.account_id] };
    const request = { cluster_id: logs.clusterId, body };
    expect(await sdk.call("owner", "css.update_vpcep_whitelist", request)).toEqual({ status: 200, body: {} });
    const { permissions, vpc_service_name: name } = await list();
    expect(permissions).toMatchObject([{ permission: `iam:domain::${consumer.admin.account_id}` }]);
    const wish = { endpoint_service_id: name.split(".")[2], ...(await networkOf(consumer)) };
    const made = await system.askAsConsumer<{ readonly id: string }>("vpcep.create_endpoint", { body: wish });
    const page = async (wanted: object) => (await list(wanted)).connections.map(({ id }) => id);
    expect(await page({ limit: 1 })).toEqual([made.id]);
    expect(await page({ limit: 1, offset: 1 })).toEqual([own.id]);
    expect(await page({ offset: 2 })).toEqual([]);
    theirs = (await list()).connections[0] ?? theirs;
  });

  test("rejects and receives a connection", async () => {
    port = (await logs.ownEndpoint()).port;
    const decide = (action: string) =>
      sdk.call("owner", "css.update_vpcep_connection", {
        cluster_id: logs.clusterId,
        body: { action, endpoint_id_list: [theirs.id] },
      });
    const endpoint = { ip: theirs.vpcep_ip, port };
    (await openSession(endpoint)).close();
    expect(await decide("reject")).toEqual({ status: 200, body: {} });
    expect((await list()).connections[0]).toMatchObject({ id: theirs.id, status: "rejected" });
    expect(await refusalOf(endpoint)).toBe("ECONNRESET");
    expect(await decide("receive")).toEqual({ status: 200, body: {} });
    await (await openSession(endpoint)).echo();
  });

  test("closes the service", async () => {
    const closed = await sdk.call("owner", "css.stop_vpcep", { cluster_id: logs.clusterId });
    expect(closed).toEqual({ status: 200, body: { action: "deleteVpcepservice" } });
    expect(await refusalOf({ ip: own.vpcep_ip, port })).toBe("ECONNRESET");
  });
});
