import { describe, expect, test } from "vitest";
import { uuid } from "../domain/test-fixtures.ts";
import { operations } from "./operations.ts";
import { refusal, startTestServer, type Method, type TestServer } from "./test-server.ts";

/** A body that passes the checks, for each operation that needs one. */
const bodies: Readonly<Record<string, object>> = {
  UpdateVpcepConnection: { action: "reject", endpoint_id_list: [uuid(1)] },
  UpdateVpcepWhitelist: { vpc_permissions: [] },
  CreateCluster: { cluster: { name: "logs", datastore: { type: "opensearch", version: "2" } } },
  CreateClusterV1: { cluster: { name: "logs" } },
  UpdateBatchClustersTags: { action: "create", tags: [{ key: "a", value: "b" }] },
  RegisterCluster: { name: "logs", nodes: ["http://10.0.0.5:9200"], probe: false },
  DecideConnectionsOfService: { action: "reject", endpoint_id_list: [uuid(1)] },
  CreateVpc: { name: "edge" },
  UpdateVpc: { attachment: { kind: "loopback" } },
  CreateConsumerEndpoint: { service: "logs" },
  UpdateConnectionCap: { max_session: 1 },
  CreateAccount: { name: "team" },
  UpdateLogLevel: { process: "server", level: "debug" },
  CreateUser: { name: "eve" },
  KeystoneCreateUserTokenByPassword: {
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: "owner", password: "wrong", domain: { name: "owner" } } },
      },
    },
  },
  KeystoneCreateProject: { project: { name: "search" } },
  CreateTemporaryAccessKeyByToken: { auth: { identity: { methods: ["token"] } } },
};

/** A query that does, likewise. */
const queries: Readonly<Record<string, string>> = { EndSessionOfCluster: `?endpoint=${uuid(1)}` };

const table = operations.map(({ id, method, path, access, protocol = "css" }) => ({
  id,
  method,
  path,
  access,
  protocol,
  body: bodies[id],
  query: queries[id] ?? "",
}));

/** What each family of operations says to the same mistake. */
const malformed = { css: "400 CSS.0001", vpcep: "400 EndPoint.0002", iam: "400 400" };
const notJson = { css: "415 CSS.0004", vpcep: "415 EndPoint.0002", iam: "415 415" };
const empty = { css: "400 CSS.0006", vpcep: "504 EndPoint.0011", iam: "400 400" };
const foreignProject = { css: "403 CSS.0015", vpcep: "403 EndPoint.0004", iam: "none" };
const projectOperations = table.filter(({ path }) => path.includes(":project_id"));
const clusterOperations = table.filter(({ path }) => path.includes(":cluster_id"));
const resourceOperations = table.filter(({ path }) => path.endsWith("/:id"));
const writes = table.filter(({ method }) => method !== "GET");

function fill(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/:([a-z_]+)/g, (_match, name: string) => values[name] ?? uuid(404));
}

function request(server: TestServer, method: Method, url: string, body: object | undefined, token?: string) {
  return server.inject({
    method,
    url,
    headers: token === undefined ? {} : { "x-auth-token": token },
    ...(body ? { payload: body } : {}),
  });
}

test("ids and routes are given once, and every operation names the action of its access rule", () => {
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  const routes = operations.map(({ method, path, host }) => `${method} ${String(host)} ${path}`);
  expect(new Set(routes).size).toBe(operations.length);
  for (const { action } of operations) {
    expect(action).toMatch(/^(?:css|vpcep|vpc|postern|iam):[A-Za-z]+:[A-Za-z]+$/);
  }
});

describe("every operation", () => {
  test.each(table.filter(({ access }) => access !== "public"))(
    "$id is not told apart without a token, and not with an unknown one",
    async (operation) => {
      const server = await startTestServer();
      const url = fill(operation.path, { project_id: "p" });
      const none = await request(server, operation.method, url, operation.body);
      expect(refusal(none)).toBe("401 APIGW.0301");
      expect(none.body["error_msg"]).toContain("x-auth-token not found");
      const unknown = await request(server, operation.method, url, operation.body, "postern_unknown");
      expect(refusal(unknown)).toBe("401 APIGW.0301");
      expect(unknown.body["error_msg"]).toContain("decrypt token fail");
    },
  );

  test.each(projectOperations)("$id works in the token's project only", async (operation) => {
    const server = await startTestServer();
    const [owner, stranger] = [await server.tenant("owner"), await server.tenant("stranger", true)];
    const { revision } = server.store;
    const url = fill(operation.path, { project_id: owner.projectId });
    const answer = await request(server, operation.method, url, operation.body, stranger.token);
    expect(refusal(answer)).toBe(foreignProject[operation.protocol]);
    expect(server.store.revision).toBe(revision);
  });

  test.each(clusterOperations)("$id does not know another project's cluster from none", async (operation) => {
    const server = await startTestServer();
    const [owner, stranger] = [await server.tenant("owner"), await server.tenant("stranger")];
    const cluster = await owner.open("logs");
    const { revision } = server.store;
    const ask = async (id: string) => {
      const url = fill(operation.path, { project_id: stranger.projectId, cluster_id: id });
      return request(server, operation.method, url + operation.query, operation.body, stranger.token);
    };
    const [foreign, missing] = [await ask(cluster.id), await ask(uuid(404))];
    expect([refusal(foreign), refusal(missing)]).toEqual(["403 CSS.0015", "403 CSS.0015"]);
    const messages = [foreign, missing].map(({ body }) => String(body["error_msg"]));
    expect(messages[0]?.replace(cluster.id, "")).toBe(messages[1]?.replace(uuid(404), ""));
    expect(server.store.revision).toBe(revision);
  });

  test.each(resourceOperations)("$id refuses an unknown id", async (operation) => {
    const server = await startTestServer();
    const owner = await server.tenant("owner", true);
    const cluster = await owner.open("logs");
    const url = fill(operation.path, { project_id: owner.projectId, cluster_id: cluster.id });
    const answer = await request(server, operation.method, url, operation.body, owner.token);
    expect(refusal(answer)).toMatch(/^(?:403 CSS.0015|404 CSS.0016|400 CSS.5021|400 CSS.0001)$/);
    expect(answer.body["error_msg"]).toContain(uuid(404));
  });

  test.each(writes)("$id with what is no JSON, or nothing where something is needed", async (operation) => {
    const server = await startTestServer();
    const owner = await server.tenant("owner", true);
    const cluster = await owner.open("logs");
    const { revision } = server.store;
    const url = fill(operation.path, { project_id: owner.projectId, cluster_id: cluster.id });
    const send = (payload: string, type = "application/json") =>
      server.inject({
        method: operation.method,
        url,
        headers: { "x-auth-token": owner.token, "content-type": type },
        payload,
      });
    expect(refusal(await send('{"action":'))).toBe(malformed[operation.protocol]);
    expect(refusal(await send('{"__proto__":{"x":1}}'))).toBe(malformed[operation.protocol]);
    expect(refusal(await send("a=b", "application/x-www-form-urlencoded"))).toBe(notJson[operation.protocol]);
    expect(refusal(await send(`"${"x".repeat(1024 * 1024)}"`))).toBe("413 APIGW.0201");
    expect(server.store.revision).toBe(revision);
  });

  test.each(table.filter(({ body }) => body))("$id with an empty body, or no object", async (operation) => {
    const server = await startTestServer();
    const owner = await server.tenant("owner", true);
    const cluster = await owner.open("logs");
    const { revision } = server.store;
    const url = fill(operation.path, { project_id: owner.projectId, cluster_id: cluster.id });
    const send = (payload: string) =>
      server.inject({
        method: operation.method,
        url,
        headers: { "x-auth-token": owner.token, "content-type": "application/json; charset=UTF-8" },
        payload,
      });
    // Its one required field has two spellings, so it is missed by name.
    const code = operation.id === "UpdateVpcepWhitelist" ? "400 CSS.5037" : empty[operation.protocol];
    expect(refusal(await send(""))).toBe(code);
    for (const payload of ["null", "[]", "7", '"text"']) {
      expect(refusal(await send(payload))).toBe(malformed[operation.protocol]);
    }
    expect(server.store.revision).toBe(revision);
  });
});

describe("If-Match", () => {
  /** Operations that change a cluster, each on one that is ready for it. */
  const changes: readonly (readonly [Method, string, object | undefined])[] = [
    ["PUT", "/v1.0/{p}/clusters/{c}/vpcepservice/close", undefined],
    [
      "POST",
      "/v1.0/{p}/clusters/{c}/vpcepservice/connections",
      { action: "reject", endpoint_id_list: ["{e}"] },
    ],
    ["POST", "/v1.0/{p}/clusters/{c}/vpcepservice/permissions", { vpc_permissions: [] }],
    ["DELETE", "/v1.0/{p}/clusters/{c}", undefined],
    ["DELETE", "/postern/v1/{p}/clusters/{c}", undefined],
    ["PUT", "/postern/v1/{p}/clusters/{c}/connections/{e}", { max_session: 5 }],
    ["DELETE", "/postern/v1/{p}/endpoints/{e}", undefined],
  ];

  test.each(changes)("%s %s %j", async (method, path, body) => {
    const server = await startTestServer();
    const owner = await server.tenant("owner");
    const cluster = await owner.open("logs");
    const endpoint = (await cluster.connections()).connections[0]?.id ?? "";
    const etag = await cluster.etag();
    const { revision } = server.store;
    const send = (ifMatch: string) =>
      owner.call(
        method,
        path.replace("{c}", cluster.id).replace("{e}", endpoint),
        body && (JSON.parse(JSON.stringify(body).replace("{e}", endpoint)) as object),
        { "if-match": ifMatch },
      );
    const stale = await send('"0"');
    expect(refusal(stale)).toBe("412 CSS.5090");
    expect(stale.body["error_msg"]).toContain(etag);
    expect(server.store.revision).toBe(revision);
    expect((await send(`"0", ${etag}`)).status).toBeLessThan(300);
    expect(server.store.revision).toBe(revision + 1);
  });

  test("of opening", async () => {
    const owner = await (await startTestServer()).tenant("owner");
    const cluster = await owner.register("logs");
    const open = (ifMatch: string) => cluster.call("POST", "/vpcepservice/open", {}, { "if-match": ifMatch });
    expect(refusal(await open('"0"'))).toBe("412 CSS.5090");
    expect((await open("*")).status).toBe(200);
  });
});
