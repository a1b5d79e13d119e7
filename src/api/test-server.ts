import type { FastifyInstance, InjectOptions } from "fastify";
import { onTestFinished } from "vitest";
import type { AccountId, EndpointId, ProjectId } from "../domain/ids.ts";
import { SampleBook } from "../domain/sample-book.ts";
import { probe } from "../lib/http-probe.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import { Sealer } from "../lib/sealer.ts";
import { hashPassword, hashToken, newToken } from "../lib/secrets.ts";
import { TestClock } from "../lib/test-clock.ts";
import { WantedLevel } from "../lib/wanted-level.ts";
import { SqlStore } from "../store/sql-store.ts";
import type { TxtLookup } from "../lib/txt-lookup.ts";
import { newDatabaseFile, openTestStore, testAuditKey } from "../store/test-store.ts";
import { createTenant } from "./actions/create-tenant.ts";
import { EventStreams } from "./event-streams.ts";
import { LiveFigures } from "./live-figures.ts";
import type { ApiContext } from "./operation.ts";
import { operations } from "./operations.ts";
import { PasswordCheck } from "./password-check.ts";
import { ResponseCache } from "./response-cache.ts";
import { buildServer, type ExtraRoutes } from "./server.ts";
import { checkAnswers } from "./test-answers.ts";
import { TestMaintenance } from "./test-maintenance.ts";
import { TestGateways } from "./test-gateways.ts";
import { TestWebhooks } from "./test-webhooks.ts";

export type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Json;
  readonly text: string;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** The same for all servers: one may go on with the file of another. */
const sealingKey = Buffer.alloc(32, 9);

/** Made once: it takes as long as many requests. */
const rightPassword = await hashPassword("right");

/** The API on a real store, with a model of the gateways, driven without a socket. */
export class TestServer {
  readonly app: FastifyInstance;
  readonly store: SqlStore;
  readonly clock: TestClock;
  readonly sealer: Sealer;
  readonly gateways = new TestGateways();
  readonly maintenance = new TestMaintenance();
  readonly logLevels = { server: new WantedLevel(), gateway: new WantedLevel() };
  readonly samples = new SampleBook();
  readonly webhooks = new TestWebhooks();
  /** Where proofs of domains are looked for: nowhere, unless a test says where. */
  lookUpTxt: TxtLookup = () => Promise.resolve([]);
  #problem: Error | undefined;

  constructor(
    store: SqlStore,
    clock: TestClock,
    extraRoutes: ExtraRoutes,
    log = createLogger("unit", "silent"),
  ) {
    this.store = store;
    this.clock = clock;
    this.sealer = new Sealer(sealingKey);
    const context: ApiContext = {
      store,
      clock,
      region: "region-1",
      zone: "postern.internal",
      version: "1.2.3",
      enforcement: this.gateways,
      live: this.gateways,
      questions: this.gateways,
      maintenance: this.maintenance,
      logLevels: this.logLevels,
      cache: new ResponseCache(() => store.generation),
      streams: new EventStreams(store, new LiveFigures(store, this.gateways, 20)),
      samples: this.samples,
      webhooks: this.webhooks,
      seal: (plain) => this.sealer.seal(plain),
      unseal: (sealed) => this.sealer.unseal(sealed),
      passwords: new PasswordCheck(clock),
      lookUpTxt: (name) => this.lookUpTxt(name),
      probe: (target) => probe(target, 5_000),
    };
    this.app = buildServer(context, operations, extraRoutes, log);
    checkAnswers(this.app, operations, (problem) => (this.#problem ??= problem));
  }

  /** Makes an account with a project, a user, a token and a default VPC. */
  async tenant(name: string, isOperator = false): Promise<Tenant> {
    const key = { id: `AK${name}`, secret: "SK" };
    const secrets = { password: "pw", passwordHash: "scrypt$$", key, token: newToken() };
    const wish = { accountName: name, projectName: "region-1", userName: name, isOperator };
    const audit = { actor: "system", action: "test", resource: `account/${name}` };
    const { result } = await this.store.write(audit, (tx) =>
      createTenant(tx, (plain) => this.sealer.seal(plain), wish, secrets, this.clock.now()),
    );
    return new Tenant(this, result.account_id, result.project_id, result.token);
  }

  /** @throws Error where the answer is not as the API's description says */
  async inject(request: InjectOptions): Promise<Answer> {
    const { statusCode, headers, payload } = await this.app.inject(request);
    if (this.#problem) throw this.#problem;
    const isJson = (headers["content-type"] ?? "").startsWith("application/json");
    const body = isJson ? (JSON.parse(payload) as Json) : {};
    return { status: statusCode, headers, body, text: payload };
  }

  /** What a gateway does with new endpoints: brings up their addresses. */
  async attachAll(): Promise<void> {
    await this.store.observe(async (tx) => {
      for (const { id } of await tx.endpoints.unsettled()) await tx.endpoints.setPhase(id, "ready", null);
    });
  }
}

/** Starts the API for the running test. @param extraRoutes routes besides the operations' */
export async function startTestServer(
  extraRoutes: ExtraRoutes = () => undefined,
  file = newDatabaseFile(),
  log?: Logger,
): Promise<TestServer> {
  const clock = new TestClock();
  const server = new TestServer(await openTestStore(file, clock), clock, extraRoutes, log);
  onTestFinished(() => server.app.close());
  return server;
}

/** Runs the API on a database file for as long as `work` takes: for what is made before any test runs. */
export async function withTestServer<Result>(
  file: string,
  work: (server: TestServer) => Promise<Result>,
): Promise<Result> {
  const clock = new TestClock();
  const store = await SqlStore.open(file, clock, testAuditKey);
  const server = new TestServer(store, clock, () => undefined);
  try {
    return await work(server);
  } finally {
    await server.app.close();
    await store.close();
  }
}

/** A project and whoever works in it. */
export class Tenant {
  readonly server: TestServer;
  readonly accountId: AccountId;
  readonly projectId: ProjectId;
  readonly token: string;

  constructor(server: TestServer, accountId: AccountId, projectId: ProjectId, token: string) {
    this.server = server;
    this.accountId = accountId;
    this.projectId = projectId;
    this.token = token;
  }

  /** Makes a request with the tenant's token. @param path `{p}` stands for the project's id */
  call(method: Method, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.server.inject({
      method,
      url: path.replace("{p}", this.projectId),
      headers: { "x-auth-token": this.token, ...headers },
      ...(body === undefined ? {} : { payload: body as Json }),
    });
  }

  /** Registers a cluster without asking its nodes. */
  async register(name: string, wish: Json = {}): Promise<TestCluster> {
    const nodes = ["http://10.0.0.5:9200"];
    const { status, body, text } = await this.call("POST", "/postern/v1/{p}/clusters", {
      name,
      nodes,
      probe: false,
      ...wish,
    });
    if (status !== 200) throw new Error(`registering ${name} failed: ${text}`);
    return new TestCluster(this, String(body["id"]));
  }

  /** Registers a cluster and opens its service. */
  async open(name: string, wish: Json = {}): Promise<TestCluster> {
    const cluster = await this.register(name);
    const { status, text } = await cluster.call("POST", "/vpcepservice/open", wish);
    if (status !== 200) throw new Error(`opening ${name} failed: ${text}`);
    return cluster;
  }

  /** Makes an endpoint to a service and returns its id. */
  async connect(service: string, wish: Json = {}): Promise<EndpointId> {
    const { status, body, text } = await this.call("POST", "/postern/v1/{p}/endpoints", { service, ...wish });
    if (status !== 200) throw new Error(`connecting to ${service} failed: ${text}`);
    return String(body["id"]) as EndpointId;
  }

  /** Makes "right" the password of the user who has the tenant's name. */
  async givePassword(name: string): Promise<void> {
    await this.server.store.observe(async ({ identity }) => {
      const user = await identity.userByName(this.accountId, name);
      if (user) await identity.updateUser({ ...user, passwordHash: rightPassword });
    });
  }

  /** Adds a token that expires; one that does not where the time is null. */
  async expiringToken(expiresAt: number | null): Promise<string> {
    const token = newToken();
    const createdAt = this.server.clock.now();
    const known = await this.server.store.identity.tokenByHash(hashToken(this.token));
    if (!known) throw new TypeError("the tenant's token is gone");
    await this.server.store.observe((tx) =>
      tx.identity.insertToken({ ...known, hash: hashToken(token), expiresAt, createdAt }),
    );
    return token;
  }
}

/** A cluster of a tenant. */
export class TestCluster {
  readonly owner: Tenant;
  readonly id: string;

  constructor(owner: Tenant, id: string) {
    this.owner = owner;
    this.id = id;
  }

  /** @param path behind `/v1.0/{project}/clusters/{id}` */
  call(method: Method, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.owner.call(method, `/v1.0/{p}/clusters/${this.id}${path}`, body, headers);
  }

  /** Body of GET connections. */
  async connections(query = ""): Promise<ConnectionsBody> {
    const { status, body, text } = await this.call("GET", `/vpcepservice/connections${query}`);
    if (status !== 200) throw new Error(`listing connections failed: ${text}`);
    return body as unknown as ConnectionsBody;
  }

  /** The ETag that the cluster has now. */
  async etag(): Promise<string> {
    const { headers } = await this.call("GET", "");
    return String(headers["etag"]);
  }
}

export interface ConnectionsBody {
  readonly connections: readonly {
    readonly id: string;
    readonly status: string;
    readonly maxSession: string;
    readonly vpcepIp: string;
    readonly vpcepDnsName?: string;
    readonly domain_id: string;
  }[];
  readonly permissions: readonly { readonly id: string; readonly permission: string }[];
  readonly vpcServiceName: string;
  readonly vpcepUpdateSwitch: boolean;
  readonly total_count: number;
}

/**
 * Returns `STATUS CODE` of an answer that refuses.
 * @throws Error where its body is not the one that all clients can read (contract sections 4.5 and 5)
 */
export function refusal({ status, body, text, headers }: Answer): string {
  const ofTheIdentityService = body["error"] as Json | undefined;
  if (ofTheIdentityService) {
    const { code, title, message } = ofTheIdentityService;
    const isKeystone = code === status && typeof title === "string" && String(message).length >= 10;
    if (isKeystone) return `${status} ${status}`;
    throw new Error(`this is no published error body: ${status} ${text}`);
  }
  const code = String(body["error_code"]);
  const message = String(body["error_msg"]);
  const isOfTheEndpointService = /^End[Pp]oint\./.test(code) && Object.keys(body).length === 2;
  if (isOfTheEndpointService && message.length >= 10) return `${status} ${code}`;
  const requestId = String(headers["x-request-id"]);
  const ofTheGateway = { error_msg: message, error_code: code, request_id: requestId };
  const ofTheService = { errCode: code, externalMessage: `${code} : ${message}`, ...ofTheGateway };
  const published: Json = code.startsWith("APIGW.") ? ofTheGateway : ofTheService;
  // Ours, and only where there are some.
  const wanted = body["obstacles"] ? { ...published, obstacles: body["obstacles"] } : published;
  const keys = new Set([...Object.keys(wanted), ...Object.keys(body)]);
  const isAsPublished = [...keys].every((key) => wanted[key] === body[key]);
  if (!isAsPublished || !/^[0-9a-f]{32}$/.test(requestId) || message.length < 10) {
    throw new Error(`this is no published error body: ${status} ${text}`);
  }
  return `${status} ${code}`;
}
