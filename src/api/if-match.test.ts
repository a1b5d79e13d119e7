import { describe, expect, test } from "vitest";
import { operations } from "./operations.ts";
import { refusal, type Answer, type Tenant } from "./test-server.ts";
import { callWith, startWorld, type World } from "./test-world.ts";

/** Writes that look at no If-Match, with the reason. */
const exempt: Readonly<Record<string, string>> = {
  RegisterCluster: "creation: nothing is there that could have changed",
  CreateVpc: "creation",
  CreateConsumerEndpoint: "creation; the service belongs to somebody else",
  CreateEndpoint: "creation; the service belongs to somebody else",
  CreateEndpointService: "creation",
  CreateAccount: "creation",
  CreateUser: "creation",
  CreateAccessKey: "creation",
  CreateServiceDomain: "creation",
  CreateWebhook: "creation",
  CreateSession: "sign-in: makes a token and changes nothing that is there",
  DeleteSession: "ends the session that the request itself belongs to",
  ProbeCluster: "a read, asked for with POST because its question is a body",
  CreateBackup: "makes a file and changes nothing that is there",
  EndSessionOfCluster: "a session is no resource of the store",
  EndSessionOfService: "a session is no resource of the store",
  EndSessionOfEndpoint: "a session is no resource of the store",
  UpdateLogLevel: "a level is no resource of the store",
  KeystoneCreateProject: "creation",
  KeystoneCreateUserTokenByPassword: "sign-in: makes a token and changes nothing that is there",
  CreateTemporaryAccessKeyByToken: "sign-in: makes a key and changes nothing that is there",
  ListResourceInstances: "a read, asked for with POST because its question is a body",
  VerifyAuditLines: "a read, asked for with POST because its question is a body",
  AddEndpointServiceServerResource: "always refused: not supported",
  UpdateEndpointPolicy: "always refused: not supported",
  DeleteEndpointPolicy: "always refused: not supported",
  UpdateEndpointRoutetable: "always refused: not supported",
};

/** GETs that are lists, or no resource: what they show comes from everywhere. */
const notOneResource = new Set([
  "ExplainConnection",
  "ShowStatus",
  "ExportAudit",
  "ExportAuditOfAllProjects",
  "VerifyAudit",
  "CheckData",
  "ShowSession",
  "ShowLogLevel",
  "ShowClusterAccess",
  "ListQuotaDetails",
  "ListSpecifiedVersionDetails",
  "KeystoneListVersions",
  "KeystoneShowVersion",
  "KeystoneListAuthCatalog",
]);

const changedCode = { css: "412 CSS.5090", vpcep: "412 EndPoint.1004", iam: "412 412" };
const table = operations.map(({ id, method, path, protocol = "css" }) => ({ id, method, path, protocol }));

describe("a write with an If-Match that no longer holds", () => {
  test.each(table.filter(({ id, method }) => method !== "GET" && !(id in exempt)))(
    "$id is refused, also as a rehearsal, and changes nothing",
    async ({ id, method, path, protocol }) => {
      const world = await startWorld();
      const { revision, generation } = world.server.store;
      for (const headers of [{}, { "x-postern-dry-run": "true" }]) {
        const answer = await callWith(world, id, method, path, { ...headers, "if-match": '"stale"' });
        expect(refusal(answer)).toBe(changedCode[protocol]);
      }
      expect(world.server.store).toMatchObject({ revision, generation });
      const etag = /its ETag is ("[^"]+")/.exec(
        (await stale(world, id, method, path)).text.replaceAll("\\", ""),
      );
      const fresh = await callWith(world, id, method, path, { "if-match": etag?.[1] ?? "" });
      expect(fresh.status).not.toBe(412);
    },
  );

  test("the exempt ones are all there", () => {
    const writes = new Set(table.filter(({ method }) => method !== "GET").map(({ id }) => id));
    expect(Object.keys(exempt).filter((id) => !writes.has(id))).toEqual([]);
  });
});

function stale(world: World, id: string, method: "POST" | "PUT" | "DELETE" | "GET", path: string) {
  return callWith(world, id, method, path, { "if-match": '"stale"', "x-postern-dry-run": "true" });
}

describe("a GET of one resource carries an ETag", () => {
  const reads = table.filter(({ id, method }) => method === "GET" && !notOneResource.has(id));

  test.each(reads.filter(({ id }) => !/^(?:List|KeystoneList)/.test(id)))(
    "$id",
    async ({ id, method, path }) => {
      const world = await startWorld();
      const answer = await callWith(world, id, method, path, {});
      expect(answer.status).toBe(200);
      expect(answer.headers["etag"]).toMatch(/^"[^"]+"$/);
      const again = await callWith(world, id, method, path, {
        "if-none-match": String(answer.headers["etag"]),
      });
      expect(again.status).toBe(304);
    },
  );

  /** Named List by the published API, though they show one. */
  test.each(["ListServiceDetails", "ListEndpointInfoDetails", "ListServiceDescribeDetails"])(
    "%s",
    async (id) => {
      const world = await startWorld();
      const found = table.find((row) => row.id === id);
      const query = id === "ListServiceDescribeDetails" ? `?id=${world.ids.service_id}` : "";
      const answer = await callWith(world, id, "GET", `${found?.path ?? ""}${query}`, {});
      expect([answer.status, answer.headers["etag"]]).toEqual([200, expect.stringMatching(/^"[^"]+"$/)]);
    },
  );
});

/** What changes each resource, and so its ETag. */
const changes: readonly (readonly [string, (owner: Tenant, id: string) => Promise<Answer>])[] = [
  ["users", (owner, id) => owner.call("PUT", `/postern/v1/users/${id}`, { role: "custom" })],
  ["users", (owner, id) => owner.call("PUT", `/postern/v1/users/${id}`, { reset_password: true })],
];

test.each(changes)("the ETag of one of the %s changes with it", async (collection, change) => {
  const world = await startWorld();
  const id = world.own[collection as keyof World["own"]];
  const path = `/postern/v1/${collection}/${id}`;
  const before = String((await world.owner.call("GET", path)).headers["etag"]);
  const changed = await change(world.owner, id);
  expect(changed.headers["etag"]).not.toBe(before);
  expect((await world.owner.call("GET", path)).headers["etag"]).toBe(changed.headers["etag"]);
  const remove = (ifMatch: string) => world.owner.call("DELETE", path, undefined, { "if-match": ifMatch });
  expect((await remove(before)).status).toBe(412);
  expect((await remove(String(changed.headers["etag"]))).status).toBe(204);
});

test("the ETag of a network changes with the addresses that are used in it", async () => {
  const world = await startWorld();
  const path = `/postern/v1/{p}/vpcs/${world.own.vpcs}`;
  const before = (await world.owner.call("GET", path)).headers["etag"];
  await world.owner.connect("logs", { vpc_id: world.own.vpcs });
  expect((await world.owner.call("GET", path)).headers["etag"]).not.toBe(before);
});
