import { QuestionDesk } from "../../src/control/question-desk.ts";
import { DatabaseSync } from "node:sqlite";
import type { Kysely } from "kysely";
import { createTenant, newTenantSecrets } from "../../src/api/actions/create-tenant.ts";
import { EventStreams } from "../../src/api/event-streams.ts";
import { SampleBook } from "../../src/domain/sample-book.ts";
import { LiveFigures } from "../../src/api/live-figures.ts";
import { operations } from "../../src/api/operations.ts";
import { PasswordCheck } from "../../src/api/password-check.ts";
import { ResponseCache } from "../../src/api/response-cache.ts";
import { buildServer } from "../../src/api/server.ts";
import { TestMaintenance } from "../../src/api/test-maintenance.ts";
import { WantedLevel } from "../../src/lib/wanted-level.ts";
import { TestGateways } from "../../src/api/test-gateways.ts";
import { TestWebhooks } from "../../src/api/test-webhooks.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLogger } from "../../src/lib/log.ts";
import { AuditTrail } from "../../src/store/audit-trail.ts";
import { dropAuditTriggers } from "../../src/store/audit-triggers.ts";
import { EventWriter } from "../../src/store/event-writer.ts";
import type { Schema } from "../../src/store/schema.ts";
import { SqlStore } from "../../src/store/sql-store.ts";

const unused = (): Promise<never> => Promise.reject(new Error("not in this bench"));

/** The API on a store of its own, with a model of the gateways that reaches every revision at once. */
export interface BenchServer {
  createEndpoint(): Promise<string>;
  setCap(endpoint: string, maxSession: number): Promise<void>;
  close(): Promise<void>;
}

/** `whole`: as it is; `entries`: who did what, without the rows that changed and without the chain; `none`: no trail. */
export type Trail = "whole" | "entries" | "none";

/** Nobody is asked anything outside. */
const outside = { lookUpTxt: unused, probe: unused };

/** @param trail what there is of it until the server is closed; one server at a time */
export async function startBenchServer(file: string, trail: Trail): Promise<BenchServer> {
  const store = await SqlStore.open(file, systemClock, Buffer.alloc(32, 1));
  const gateways = new TestGateways();
  // Events are made of what the trail captures: without it there would be none, whose cost is another matter.
  const bringBack = [leaveOut(EventWriter.prototype, "recordChanges")];
  const context = {
    store,
    clock: systemClock,
    region: "region-1",
    zone: "postern.internal",
    version: "0.0.0",
    enforcement: gateways,
    live: gateways,
    cache: new ResponseCache(() => store.generation),
    streams: new EventStreams(store, new LiveFigures(store, gateways, 2_000)),
    samples: new SampleBook(),
    webhooks: new TestWebhooks(),
    seal: (plain: string) => plain,
    unseal: (sealed: string) => sealed,
    passwords: new PasswordCheck(systemClock),
    questions: new QuestionDesk(() => [], 0),
    maintenance: new TestMaintenance(),
    logLevels: { server: new WantedLevel(), gateway: new WantedLevel() },
    ...outside,
  };
  const app = buildServer(context, operations, () => undefined, createLogger("server", "silent"));
  const tenant = await signUp(store);
  const call = async (method: "GET" | "POST" | "PUT", path: string, payload?: object) => {
    const url = path.replace("{p}", tenant.project_id);
    const headers = { "x-auth-token": tenant.token };
    const answer = await app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.payload}`);
    return JSON.parse(answer.payload) as Record<string, unknown>;
  };
  const cluster = await call("POST", "/postern/v1/{p}/clusters", {
    name: "logs",
    nodes: ["http://10.0.0.5:9200"],
    probe: false,
  });
  const id = String(cluster["id"]);
  await call("POST", `/v1.0/{p}/clusters/${id}/vpcepservice/open`, {});
  if (trail !== "whole") bringBack.push(forgetTrail(file));
  if (trail === "entries") addPlainEntries(store);
  return {
    createEndpoint: async () =>
      String((await call("POST", "/postern/v1/{p}/endpoints", { service: "logs" }))["id"]),
    setCap: async (endpoint, maxSession) => {
      const path = `/postern/v1/{p}/clusters/${id}/connections/${endpoint}`;
      await call("PUT", path, { max_session: maxSession });
    },
    close: async () => {
      for (const restore of bringBack) restore();
      await app.close();
      await store.close();
    },
  };
}

/** The account that writes. */
async function signUp(store: SqlStore) {
  const secrets = await newTenantSecrets();
  const wish = { accountName: "bench", projectName: "region-1", userName: "bench", isOperator: true };
  const entry = { actor: "system", action: "firstStart", resource: "account/bench" };
  const { result } = await store.write(entry, (tx) =>
    createTenant(tx, (plain) => plain, wish, secrets, systemClock.now()),
  );
  return result;
}

/** Takes the triggers out of the file, and the chain out of the program. */
function forgetTrail(file: string): () => void {
  const database = new DatabaseSync(file);
  dropAuditTriggers(database);
  database.close();
  return leaveOut(AuditTrail.prototype, "append");
}

/** Makes a method do nothing. @returns what brings it back */
function leaveOut(prototype: object, method: string): () => void {
  const own = Object.getOwnPropertyDescriptor(prototype, method) ?? {};
  Object.defineProperty(prototype, method, { value: () => undefined, configurable: true });
  return () => Object.defineProperty(prototype, method, own);
}

/** Every write adds one row that says who did what, as any program with a log in its database does. */
function addPlainEntries(store: SqlStore): void {
  const write = store.write.bind(store);
  store.write = ({ actor, action, resource, requestId = null }, work) =>
    write({ actor, action, resource }, async (tx, revision) => {
      const result = await work(tx, revision);
      const { db } = tx as unknown as { readonly db: Kysely<Schema> };
      const at = systemClock.now();
      await db
        .insertInto("auditEvent")
        .values({ actor, action, resource, requestId, at, revision, hash: "" })
        .execute();
      return result;
    });
}
