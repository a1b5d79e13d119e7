import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import { anError } from "../support/wire.ts";

let postern: Postern;
let node: SearchNode;
let service: Service;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

/** What the cloud's own gateway answers where a request never reaches an operation. */
const aGatewayError = (code: string, text: RegExp): unknown => ({
  error_code: code,
  error_msg: expect.stringMatching(text),
  request_id: expect.stringMatching(/./),
});

const getWith = async (headers: Record<string, string>) =>
  await postern.api("GET", service.path("connections"), undefined, headers);

describe("who is asking", () => {
  test.each([
    ["no token", "", /x-auth-token not found/],
    ["a wrong token", "not-a-token", /decrypt token fail/],
    ["a token that is no token at all", "x".repeat(8_000), /decrypt token fail/],
  ])("%s is refused as the cloud's gateway does", async (_what, token, text) => {
    const { status, body, headers } = await getWith({ "X-Auth-Token": token });
    expect(status).toBe(401);
    expect(body).toEqual(aGatewayError("APIGW.0301", text));
    expect(headers.get("x-request-id")).toBe(body["request_id"]);
  });

  test("a path of another project is refused", async () => {
    const stranger = "0".repeat(32);
    const answer = await postern.api("GET", service.path("connections").replace("{pid}", stranger));
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual(anError("CSS.0015", new RegExp(stranger)));
  });

  test("nothing but the first start's own file holds the credentials", async () => {
    const { output, admin } = { output: postern.output(), admin: postern.admin };
    for (const secret of [admin.token, admin.password, admin.secret_key]) {
      expect(secret.length).toBeGreaterThan(10);
      expect(output).not.toContain(secret);
    }
  });
});

describe("every answer", () => {
  test("has an id of its own, which an error repeats in its body", async () => {
    const answers = await Promise.all([
      postern.api("GET", service.path("connections")),
      postern.api("GET", service.path("connections")),
      postern.api("POST", service.path("connections"), {}),
      postern.api("GET", "/nowhere"),
    ]);
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    expect(ids.every((id) => id !== null && id.length > 10)).toBe(true);
    expect(new Set(ids).size).toBe(4);
    expect(answers.slice(2).map(({ body }) => body["request_id"])).toEqual(ids.slice(2));
  });

  test("is JSON in UTF-8", async () => {
    const { headers } = await postern.api("GET", service.path("connections"));
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
  });
});

const etagOf = async () => {
  const etag = (await postern.api("GET", service.path("connections"))).headers.get("etag");
  expect(etag).toMatch(/^"[^"]+"$/);
  return etag ?? "";
};
const getUnless = async (etag: string) =>
  await postern.api("GET", service.path("connections"), undefined, { "If-None-Match": etag });

describe("ETag", () => {
  test("spares the reader what he has, until it changes", async () => {
    const etag = await etagOf();
    for (const known of [etag, "*", `"other", ${etag}`]) {
      const same = await getUnless(known);
      expect(same).toMatchObject({ status: 304, body: "" });
      expect(same.headers.get("etag")).toBe(etag);
      expect(same.headers.get("x-request-id")).toMatch(/./);
    }
    ok(await service.whitelist(postern.admin.account_id, "abc"));
    const changed = await getUnless(etag);
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).not.toBe(etag);
  });

  test("is on the reads of a cluster too", async () => {
    const clusterPath = `/v1.0/{pid}/clusters/${service.clusterId}`;
    expect((await postern.api("GET", clusterPath)).headers.get("etag")).toBe(await etagOf());
  });

  test("keeps a writer who has not seen the last change from undoing it", async () => {
    const stale = await etagOf();
    const { id } = await service.ownEndpoint();
    ok(await service.whitelist(postern.admin.account_id, "abc", "def"));
    const before = await service.connections();
    const cluster = `/v1.0/{pid}/clusters/${service.clusterId}`;
    const connection = `/postern/v1/{pid}/clusters/${service.clusterId}/connections/${id}`;
    const writes: [string, string, unknown][] = [
      ["POST", service.path("open"), {}],
      ["PUT", service.path("close"), undefined],
      ["POST", service.path("connections"), { action: "reject", endpoint_id_list: [id] }],
      ["POST", service.path("permissions"), { vpc_permissions: [] }],
      ["DELETE", cluster, undefined],
      ["PUT", connection, { max_session: 1 }],
      ["DELETE", `/postern/v1/{pid}/endpoints/${id}`, undefined],
      ["DELETE", `/postern/v1/{pid}/clusters/${service.clusterId}`, undefined],
    ];
    for (const [method, path, body] of writes) {
      const answer = await postern.api(method, path, body, { "If-Match": stale });
      expect({ path, status: answer.status }).toEqual({ path, status: 412 });
      expect(answer.body).toEqual(anError("CSS.5090", /has changed/));
    }
    expect(await service.connections()).toEqual(before);
  });

  test("lets a writer through who has seen it", async () => {
    for (const condition of [await etagOf(), "*"]) {
      const body = { vpc_permissions: [postern.admin.account_id] };
      const answer = await postern.api("POST", service.path("permissions"), body, { "If-Match": condition });
      expect(answer.status).toBe(200);
    }
  });
});

const post = async (body: unknown, headers: Record<string, string> = {}) =>
  await postern.api("POST", service.path("permissions"), body, headers);

describe("bad requests", () => {
  test("an unknown path or method does not exist", async () => {
    for (const [method, path] of [
      ["GET", "/v1.0/{pid}/clusters/x/vpcepservice/nothing"],
      ["DELETE", service.path("connections")],
      ["GET", "/nothing"],
    ] as const) {
      const { status, body } = await postern.api(method, path);
      expect(status).toBe(404);
      expect(body).toEqual(aGatewayError("APIGW.0101", /does not exist/));
    }
  });

  test.each([
    ["half an object", '{"vpc_permissions":[', 400, "CSS.0001"],
    ["a bare word", "nonsense", 400, "CSS.0001"],
    ["a prototype in disguise", '{"__proto__":{"x":1},"vpc_permissions":[]}', 400, "CSS.0001"],
  ])("%s for a body", async (_what, text, status, code) => {
    const answer = await post(text);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(anError(code, /JSON/));
  });

  test("a body of another kind", async () => {
    const answer = await post("vpc_permissions=x", { "Content-Type": "application/x-www-form-urlencoded" });
    expect(answer.status).toBe(415);
    expect(answer.body).toEqual(anError("CSS.0004"));
  });

  test("a body that is too large", async () => {
    const answer = await post({ vpc_permissions: ["x".repeat(1_100_000)] });
    expect(answer.status).toBe(413);
    expect(answer.body).toEqual(aGatewayError("APIGW.0201", /too large/));
  });

  test("a path that is no path, ids that are none", async () => {
    for (const id of ["%00", "%2e%2e%2fadmin", "'%20or%201=1--", "x".repeat(100)]) {
      const { status, body } = await postern.api(
        "GET",
        `/v1.0/{pid}/clusters/${id}/vpcepservice/connections`,
      );
      expect(status).toBe(403);
      expect(body).toEqual(anError("CSS.0015"));
    }
    const broken = await postern.api("GET", "/v1.0/{pid}/clusters/%zz/vpcepservice/connections");
    expect(broken.status).toBe(400);
  });

  test("bytes that are no HTTP get an answer and harm nobody", async () => {
    const { hostname, port } = new URL(postern.endpoint);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setEncoding("utf8").write("\u0000\u0001 not http at all\r\n\r\n");
    const [answer]: unknown[] = await once(socket, "data");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /);
    expect(String(answer)).not.toMatch(/\bat \S+:\d+/);
    socket.destroy();
    expect((await postern.api("GET", service.path("connections"))).status).toBe(200);
  });

  test("none of them has left a trace in the log", () => {
    expect(postern.output()).not.toMatch(/request failed|\bat \S+:\d+:\d+/);
  });
});
