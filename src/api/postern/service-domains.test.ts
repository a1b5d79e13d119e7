import { beforeEach, expect, test } from "vitest";
import { buildSnapshot } from "../../domain/build-snapshot.ts";
import type { GatewayId } from "../../domain/ids.ts";
import { mostDomains } from "../../domain/service-domain.ts";
import {
  refusal,
  startTestServer,
  type Answer,
  type Json,
  type Tenant,
  type TestServer,
} from "../test-server.ts";

const name = "logs.example.com";
let server: TestServer;
let owner: Tenant;
/** What the world's name servers say. */
let records: Map<string, string>;

async function serviceOf(tenant: Tenant, cluster: string): Promise<string> {
  const opened = await tenant.open(cluster, { endpoint_with_dns_name: true });
  const { body } = await tenant.call("GET", "/postern/v1/{p}/services");
  const services = body["services"] as readonly { readonly id: string; readonly cluster_id: string }[];
  return `/postern/v1/{p}/services/${services.find((one) => one.cluster_id === opened.id)?.id}/domains`;
}

let path: string;

beforeEach(async () => {
  server = await startTestServer();
  owner = await server.tenant("owner");
  records = new Map();
  server.lookUpTxt = (wanted) => {
    const text = records.get(wanted);
    if (text === "fails") return Promise.reject(new Error("nobody there"));
    return Promise.resolve(text === undefined ? [] : [text]);
  };
  path = await serviceOf(owner, "logs");
});

async function add(wish: Json = { name }, at = path, by = owner): Promise<Json> {
  const { status, body, text } = await by.call("POST", at, wish);
  if (status !== 200) throw new Error(text);
  return body;
}

function verify({ id }: Json, at = path, headers: Record<string, string> = {}, by = owner): Promise<Answer> {
  return by.call("POST", `${at}/${String(id)}/verify`, undefined, headers);
}

function prove({ record }: Json): void {
  const { name: recordName, value } = record as { readonly name: string; readonly value: string };
  records.set(recordName, value);
}

async function servedDomains(): Promise<unknown> {
  const place = { region: "region-1", zone: "postern.internal" };
  const state = await server.store.desiredState();
  return buildSnapshot(state, "g" as GatewayId, place, String).services.map(({ domains }) => domains);
}

test("a name is pending with the record that proves it, and leads nowhere", async () => {
  const domain = await add({ name: "Logs.Example.com." });
  expect(domain).toMatchObject({
    name,
    status: "pending",
    record: {
      name: `_postern.${name}`,
      type: "TXT",
      value: expect.stringMatching(/^postern-verification=[0-9a-f]{32}$/) as string,
    },
  });
  expect((await owner.call("GET", path)).body).toEqual({ domains: [domain], total_count: 1 });
  expect((await owner.call("GET", `${path}/${String(domain["id"])}`)).body).toEqual(domain);
  expect(await servedDomains()).toEqual([undefined]);
});

test("it fails without its proof, is verified with it, and fails again when the proof goes", async () => {
  const domain = await add();
  const failed = await verify(domain);
  expect(failed).toMatchObject({ status: 200, body: { status: "failed" } });
  expect(failed.body["problem"]).toContain(`There is no TXT record _postern.${name}`);
  prove(domain);
  const verified = await verify(domain);
  expect(verified).toMatchObject({ status: 200, body: { status: "verified" } });
  expect(verified.headers).toHaveProperty("x-postern-enforced", "true");
  expect(verified.body).not.toHaveProperty("problem");
  expect(await servedDomains()).toEqual([[name]]);
  records.set(`_postern.${name}`, "fails");
  expect((await verify(domain)).body).toMatchObject({ status: "verified" });
  records.clear();
  expect((await verify(domain)).body).toMatchObject({ status: "failed" });
  expect(await servedDomains()).toEqual([undefined]);
});

test("each name has a proof of its own, and leads to one service only", async () => {
  const other = await server.tenant("other");
  const otherPath = await serviceOf(other, "logs");
  const [own, foreign] = [await add(), await add({ name }, otherPath, other)];
  expect(own["record"]).not.toEqual(foreign["record"]);
  prove(own);
  expect((await verify(own)).body).toMatchObject({ status: "verified" });
  expect((await verify(foreign, otherPath, {}, other)).body).toMatchObject({ status: "failed" });
  prove(foreign);
  expect(refusal(await verify(foreign, otherPath, {}, other))).toBe("409 EndPoint.3006");
  expect((await owner.call("DELETE", `${path}/${String(own["id"])}`)).status).toBe(204);
  expect((await verify(foreign, otherPath, {}, other)).body).toMatchObject({ status: "verified" });
});

test("other projects see nothing of it, nor does another service", async () => {
  const domain = await add();
  const other = await server.tenant("other");
  const at = `${path}/${String(domain["id"])}`;
  for (const [method, wanted] of [
    ["GET", path],
    ["GET", at],
    ["POST", `${at}/verify`],
    ["DELETE", at],
  ] as const)
    expect(refusal(await other.call(method, wanted))).toBe("404 CSS.0016");
  const second = await serviceOf(owner, "second");
  expect(refusal(await owner.call("GET", `${second}/${String(domain["id"])}`))).toBe("404 CSS.0016");
});

test("names that cannot be, are served anyway, are there, or are too many are refused", async () => {
  for (const wrong of ["logs", "10.0.0.1", "a b.example", "region-1.postern.internal", "_x.example.com"])
    expect(refusal(await owner.call("POST", path, { name: wrong }))).toBe("400 CSS.0001");
  await add();
  expect(refusal(await owner.call("POST", path, { name }))).toBe("409 EndPoint.3006");
  for (let count = 1; count < mostDomains; count += 1) await add({ name: `n${count}.example.com` });
  expect(refusal(await owner.call("POST", path, { name: "last.example.com" }))).toBe("400 Endpoint.1018");
});

test("If-Match and dry runs hold for it", async () => {
  const domain = await add();
  const at = `${path}/${String(domain["id"])}`;
  const { headers } = await owner.call("GET", at);
  const ifMatch = { "if-match": String(headers["etag"]) };
  prove(domain);
  expect((await verify(domain, path, { ...ifMatch, "x-postern-dry-run": "true" })).body).toMatchObject({
    dry_run: true,
  });
  expect((await verify(domain, path, ifMatch)).body).toMatchObject({ status: "verified" });
  expect(refusal(await owner.call("DELETE", at, undefined, ifMatch))).toBe("412 CSS.5090");
  expect(refusal(await verify(domain, path, ifMatch))).toBe("412 CSS.5090");
  expect((await owner.call("DELETE", at)).status).toBe(204);
  expect((await owner.call("GET", path)).body).toEqual({ domains: [], total_count: 0 });
});
