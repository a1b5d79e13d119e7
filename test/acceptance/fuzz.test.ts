import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { fittingRequest, hostileRequest } from "../support/fuzz/arbitrary-request.ts";
import { describedOperations } from "../support/fuzz/description.ts";
import type { DescribedOperation } from "../support/fuzz/description.ts";
import { Fuzzer, renderFinding } from "../support/fuzz/fuzzer.ts";
import { KnownValues } from "../support/fuzz/known-values.ts";
import type { FuzzRequest } from "../support/fuzz/request.ts";
import { Heap, inspectable, openFiles } from "../support/fuzz/server-process.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern, PosternPids } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { openSession } from "../support/session.ts";
import type { Session } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";

/** Which requests are made. Another number makes others; a failure names the one that it came from. */
const seed = Number(process.env["POSTERN_FUZZ_SEED"] ?? 20_260_101);
/** Requests for each operation in a batch: so many that fit it, and twice as many that do not. */
const perOperation = Number(process.env["POSTERN_FUZZ_RUNS"] ?? 5);
const atOnce = 8;
/** What one batch of some 1,200 requests may leave behind for good. Their bodies alone are much more. */
const growthLimitBytes = 2 * 1024 * 1024;

let postern: Postern;
let node: SearchNode;
let tenant: Tenant;
let session: Session;
let pids: PosternPids;
let description: string;
let operations: readonly DescribedOperation[];
let known: KnownValues;
let fuzzer: Fuzzer;
let heap: Heap;
let filesAtStart: number;

beforeAll(async () => {
  node = await startNode();
  postern = await startPostern({ env: inspectable, args: ["--webhook-allow", "127.0.0.0/8"] });
  pids = await postern.pids();
  heap = await Heap.open(pids.server, () => postern.output());
  description = await readDescription();
  operations = describedOperations(description);
  await openBystander();
  await seedKnownValues();
  fuzzer = new Fuzzer(postern.endpoint, operations, known);
  filesAtStart = await openFiles(pids.server);
});
afterAll(async () => {
  heap.close();
  session.close();
  await postern.stop();
  await node.stop();
});

async function readDescription(): Promise<string> {
  return (await fetch(new URL("/openapi.json", postern.endpoint))).text();
}

/** Another account's endpoint, which nothing here may touch, with a session that stays open all the while. */
async function openBystander(): Promise<void> {
  tenant = await createTenant(postern, "bystander");
  const service = await Service.open(tenant, "bystander", [node]);
  session = await openSession(await service.ownEndpoint());
}

/** Something of each kind to begin with; the rest is learned from the answers. */
async function seedKnownValues(): Promise<void> {
  const { admin } = postern;
  const { users } = ok(await postern.api<{ users: { id: string }[] }>("GET", "/postern/v1/users"));
  known = new KnownValues({
    own_project: admin.project_id,
    own_user: users[0]?.id ?? "",
    own_key: admin.access_key,
    own_name: admin.user,
    own_account: account,
    own_account_id: admin.account_id,
    bystander: tenant.admin.account_id,
    receiver: "http://127.0.0.1:9/events",
    own_password: admin.password,
    own_methods: "password",
    token: admin.token,
  });
  known.add("node", node.url);
  known.add("node", "http://127.0.0.1:9");
  await plant();
}

let planted = 0;

/** Makes something new for the requests to find: they delete, too. */
async function plant(): Promise<void> {
  planted += 1;
  const spare = await Service.register(postern, `spare-${planted}`, [node]);
  known.add("registered", `spare-${planted}`);
  known.add("cluster", spare.clusterId);
  const service = await Service.open(postern, `planted-${planted}`, [node]);
  const path = `/v1/{pid}/vpc-endpoint-services?endpoint_service_name=${await service.name()}`;
  known.learn(path, ok(await postern.api("GET", path)));
  known.add("cluster", service.clusterId);
  known.add("endpoint", (await createEndpoint(postern, await service.name())).id);
}

/** The operator's account, as the first start calls it. */
const account = "postern";

/** A token that the requests may look at and revoke. */
async function signIn(): Promise<void> {
  const { user, password } = postern.admin;
  const identity = {
    methods: ["password"],
    password: { user: { name: user, password, domain: { name: account } } },
  };
  const answer = await postern.api("POST", "/v3/auth/tokens", { auth: { identity } });
  expect(answer.status).toBe(201);
  known.add("spare_token", answer.headers.get("x-subject-token") ?? "");
}

/** The same requests each time, for the same description; in turns, each with some requests for every operation. */
function makeTurns(): FuzzRequest[][] {
  const requests = operations.map((operation, index) => {
    const from = { seed: seed + index };
    return [
      ...fc.sample(fittingRequest(operation), { ...from, numRuns: perOperation }),
      ...fc.sample(hostileRequest(operation), { ...from, numRuns: 2 * perOperation }),
    ];
  });
  return Array.from({ length: perOperation }, (_, turn) =>
    requests.flatMap((each) => each.filter((_one, index) => index % perOperation === turn)),
  );
}

async function run(turn: readonly FuzzRequest[]): Promise<void> {
  await plant();
  await signIn();
  await fuzzer.sendAll(turn, atOnce);
}

const findings = (): string[] => fuzzer.findings.slice(0, 10).map(renderFinding);

test("what once failed does not fail again", async () => {
  const file = new URL("fuzz-corpus.json", import.meta.url);
  await run(JSON.parse(await readFile(file, "utf8")) as FuzzRequest[]);
  expect(findings()).toEqual([]);
});

describe("requests made from the description", () => {
  const growth: number[] = [];

  test("all get a proper answer, three times over", { timeout: 180_000 }, async () => {
    const turns = makeTurns();
    let before = 0;
    for (let round = 0; round < 3; round += 1) {
      for (const turn of turns) await run(turn);
      const used = await heap.usedBytes();
      growth.push(used - before);
      before = used;
    }
    expect({ seed, findings: findings() }).toEqual({ seed, findings: [] });
  });

  test("reach every operation, and most of them succeed", () => {
    const missed = operations.filter(({ id }) => !fuzzer.reached.has(id)).map(({ id }) => id);
    expect({ seed, missed }).toEqual({ seed, missed: [] });
    // Some need what no random request makes: a live session, a webhook to a public address, a delivery, a node.
    expect(fuzzer.succeeded.size).toBeGreaterThan(operations.length * 0.7);
  });

  test("leave no memory behind", () => {
    expect(growth[2], `bytes that each batch added: ${growth.join(", ")}`).toBeLessThan(growthLimitBytes);
  });

  test("leave no file or socket open", async () => {
    // The gateway keeps a few: it waits for snapshots and for questions, and reports.
    const most = filesAtStart + 4;
    await eventually(async () => (await openFiles(pids.server)) <= most, { what: "the files to be closed" });
    expect(await openFiles(pids.server)).toBeLessThanOrEqual(most);
  });
});

test("the system is as it was", async () => {
  expect(await readDescription()).toBe(description);
  expect(await postern.pids()).toEqual(pids);
  const { body } = await postern.api<{ gateways: { connected: boolean }[] }>(
    "GET",
    "/postern/v1/{pid}/status",
  );
  expect(body.gateways).toMatchObject([{ connected: true }]);
  await session.echo();
  expect(postern.output()).not.toMatch(/request failed|\bat \S+:\d+:\d+/);
});
