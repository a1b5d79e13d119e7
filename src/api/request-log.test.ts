import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import type { Operation } from "./operation.ts";
import { operations } from "./operations.ts";
import { startTestServer, type Json } from "./test-server.ts";
import { callWith, startWorld, type World } from "./test-world.ts";

/** A logger that keeps its lines. */
function keptLog(level: string) {
  const lines: string[] = [];
  const log = pino({ level }, { write: (line) => void lines.push(line) });
  return { log, lines, events: () => lines.map((line) => JSON.parse(line) as Json) };
}

async function start(level: string) {
  const kept = keptLog(level);
  const server = await startTestServer(undefined, undefined, kept.log);
  return { ...kept, server, owner: await server.tenant("owner", true) };
}

describe("a line", () => {
  test("is written for each write: who, what, how it went, and the revision that it made", async () => {
    const { owner, server, events } = await start("info");
    const { headers } = await owner.call("POST", "/postern/v1/{p}/vpcs", { name: "edge" });
    await expect.poll(events).toHaveLength(1);
    expect(headers["x-postern-revision"]).toBe(String(server.store.revision));
    expect(events()[0]).toMatchObject({
      level: 30,
      msg: "request",
      requestId: headers["x-request-id"],
      operation: "CreateVpc",
      user: expect.stringMatching(/^[0-9a-f]{32}$/),
      project: owner.projectId,
      status: 200,
      ms: expect.any(Number),
      revision: server.store.revision,
    });
    await owner.call("POST", "/postern/v1/{p}/vpcs", { name: "edge" });
    await expect.poll(events).toHaveLength(2);
    expect(events()[1]).toMatchObject({ operation: "CreateVpc", status: 409 });
    expect(events()[1]).not.toHaveProperty("revision");
  });

  test("is written for reads at debug only", async () => {
    const quiet = await start("info");
    await quiet.owner.call("GET", "/postern/v1/{p}/vpcs");
    await quiet.owner.call("DELETE", "/postern/v1/{p}/vpcs/x");
    await expect.poll(() => quiet.events().map((event) => event["operation"])).toEqual(["DeleteVpc"]);
    const loud = await start("debug");
    await loud.owner.call("GET", "/postern/v1/{p}/vpcs");
    await expect.poll(loud.events).toMatchObject([{ level: 20, operation: "ListVpcs", status: 200 }]);
  });

  test("is written for sign-ins that are refused, as many as say something", async () => {
    const { server, events } = await start("warn");
    const url = "/postern/v1/p/vpcs";
    for (let n = 0; n < 70; n += 1) await server.inject({ url, headers: { "x-auth-token": "wrong" } });
    expect(events()).toHaveLength(60);
    const refused = {
      level: 40,
      msg: "sign-in refused",
      source: "127.0.0.1",
      method: "GET",
      code: "APIGW.0301",
    };
    expect(events()[0]).toMatchObject(refused);
  });
});

const secretFields = /password|secret|token/i;

/** Values of fields that are called as secrets are. */
function secretsIn(value: unknown, name = ""): string[] {
  if (typeof value === "string") return secretFields.test(name) && value.length > 6 ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, key));
}

/** Sends secrets where they belong, and where they do not. */
async function sendMarked({ owner }: World): Promise<void> {
  const node = { username: "u", password: "MARKED-node" };
  const cluster = { name: "marked", nodes: ["http://10.0.0.9:9200"], probe: false, ...node };
  await owner.call("POST", "/postern/v1/{p}/clusters", cluster);
  const identity = { methods: ["password"], password: { user: { id: "x", password: "MARKED-user" } } };
  await owner.call("POST", "/v3/auth/tokens", { auth: { identity } });
  await owner.call("POST", "/postern/v1/{p}/vpcs", { name: ["MARKED-body"] });
  await owner.call("GET", "/postern/v1/{p}/vpcs?limit=MARKED-query");
  await owner.call("GET", "/postern/v1/{p}/vpcs", undefined, { "x-auth-token": "MARKED-token" });
}

test("no operation leaves a secret in the log, however much is logged, or in the audit trail", async () => {
  const { log, lines } = keptLog("trace");
  const secrets = new Set<string>();
  const drive = async (some: readonly Operation[]): Promise<void> => {
    const world = await startWorld(log);
    secrets.add(world.owner.token).add(world.subject);
    for (const { id, method, path } of some) {
      const answer = await callWith(world, id, method, path, {});
      for (const secret of secretsIn(answer.body)) secrets.add(secret);
      const subject = answer.headers["x-subject-token"];
      if (typeof subject === "string") secrets.add(subject);
    }
    await sendMarked(world);
    const database = new DatabaseSync(world.file, { readOnly: true });
    lines.push(JSON.stringify(database.prepare("select * from audit_event").all()));
    database.close();
    await world.server.app.close();
  };
  await drive(operations.filter(({ method }) => method === "GET"));
  // Each of them may take away what the next one needs.
  for (const write of operations.filter(({ method }) => method !== "GET")) await drive([write]);
  expect(secrets.size).toBeGreaterThan(100);
  const all = lines.join("\n");
  expect(all).toContain('"operation":"CreateAccount"');
  // As a whole value, also in a text that holds JSON: the end of some digest may be the same two letters.
  expect([...secrets, "MARKED", '"SK"', String.raw`\"SK\"`].filter((secret) => all.includes(secret))).toEqual(
    [],
  );
}, 120_000);
