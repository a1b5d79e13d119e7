import type { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import type { AuditLog } from "../domain/audit-log.ts";
import type { DesiredState } from "../domain/build-snapshot.ts";
import type { ProjectId } from "../domain/ids.ts";
import type {
  AuditEntry,
  EventsCommitted,
  OwnNetworks,
  ProjectCounts,
  Repositories,
  SettingKey,
  Store,
} from "../domain/store.ts";
import { authenticator, type Authenticate } from "../lib/authenticator.ts";
import type { Clock } from "../lib/clock.ts";
import { SqlAuditLog } from "./audit-log.ts";
import { AuditTrail, beginTrail } from "./audit-trail.ts";
import { SqlClusterRepository, toCluster } from "./cluster-repository.ts";
import { SqlConditionRepository } from "./condition-repository.ts";
import { openDatabase } from "./database.ts";
import { SqlEndpointRepository, toEndpoint } from "./endpoint-repository.ts";
import { SqlEventRepository } from "./event-repository.ts";
import { EventWriter } from "./event-writer.ts";
import { SqlGatewayRepository } from "./gateway-repository.ts";
import { GroupCommit, type CommitListener } from "./group-commit.ts";
import { SqlIdentityRepository } from "./identity-repository.ts";
import { SqlInventoryRepository } from "./inventory-repository.ts";
import { SqlNetworkRepository } from "./network-repository.ts";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";
import { SqlRefusalRepository } from "./refusal-repository.ts";
import { ownNetworks } from "./own-networks.ts";
import type { Schema } from "./schema.ts";
import { SqlServiceDomainRepository } from "./service-domain-repository.ts";
import { SqlServiceRepository, toService } from "./service-repository.ts";
import { SqlWebhookRepository } from "./webhook-repository.ts";

type RevisionListener = Parameters<Store["onRevision"]>[0];

class SqlRepositories implements Repositories {
  readonly identity: SqlIdentityRepository;
  readonly networks: SqlNetworkRepository;
  readonly clusters: SqlClusterRepository;
  readonly services: SqlServiceRepository;
  readonly endpoints: SqlEndpointRepository;
  readonly domains: SqlServiceDomainRepository;
  readonly gateways: SqlGatewayRepository;
  /** Entries that the work has noted besides its own. */
  readonly noted: AuditEntry[] = [];
  readonly refusals: SqlRefusalRepository;
  readonly inventory: SqlInventoryRepository;
  readonly events: SqlEventRepository;
  readonly conditions: SqlConditionRepository;
  readonly webhooks: SqlWebhookRepository;
  protected readonly db: Kysely<Schema>;

  constructor(db: Kysely<Schema>, eventWriter: EventWriter) {
    this.db = db;
    this.identity = new SqlIdentityRepository(db);
    this.networks = new SqlNetworkRepository(db);
    this.clusters = new SqlClusterRepository(db);
    this.services = new SqlServiceRepository(db);
    this.endpoints = new SqlEndpointRepository(db);
    this.domains = new SqlServiceDomainRepository(db);
    this.gateways = new SqlGatewayRepository(db);
    this.refusals = new SqlRefusalRepository(db);
    this.inventory = new SqlInventoryRepository(db);
    this.events = new SqlEventRepository(db, eventWriter);
    this.conditions = new SqlConditionRepository(db);
    this.webhooks = new SqlWebhookRepository(db);
  }

  async setting(key: SettingKey): Promise<string | undefined> {
    const row = await this.db
      .selectFrom("installation")
      .select("value")
      .where("key", "=", key)
      .executeTakeFirst();
    return row?.value;
  }

  async setSetting(key: SettingKey, value: string): Promise<void> {
    await this.db.replaceInto("installation").values({ key, value }).execute();
  }

  async deleteSetting(key: SettingKey): Promise<void> {
    await this.db.deleteFrom("installation").where("key", "=", key).execute();
  }

  ownNetworks(): Promise<OwnNetworks> {
    return ownNetworks(this.db);
  }

  async counts(project: ProjectId): Promise<ProjectCounts> {
    const [clusters, services, endpoints, unattached] = await Promise.all([
      this.#count("cluster", project),
      this.#count("endpointService", project),
      this.#count("endpoint", project),
      this.#countUnattached(project),
    ]);
    return { clusters, services, endpoints, unattached };
  }

  async desiredState(): Promise<DesiredState> {
    const { value: revision } = await this.db
      .selectFrom("revision")
      .select("value")
      .executeTakeFirstOrThrow();
    return {
      revision,
      clusters: (await this.db.selectFrom("cluster").selectAll().execute()).map(toCluster),
      services: (await this.db.selectFrom("endpointService").selectAll().execute()).map(toService),
      endpoints: (await this.db.selectFrom("endpoint").selectAll().execute()).map(toEndpoint),
      kernelVpcs: await this.networks.kernelVpcs(),
      unattachedVpcs: await this.networks.unattachedVpcs(),
      resolvers: await this.networks.resolvers(),
      verifiedDomains: await this.domains.allVerified(),
    };
  }

  note(entry: AuditEntry): void {
    this.noted.push(entry);
  }

  async #countUnattached(project: ProjectId): Promise<number> {
    const { total } = await this.db
      .selectFrom("endpoint")
      .innerJoin("vpc", "vpc.id", "endpoint.vpcId")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where("endpoint.projectId", "=", project)
      .where("vpc.attachment", "=", "none")
      .executeTakeFirstOrThrow();
    return total;
  }

  async #count(table: "cluster" | "endpointService" | "endpoint", project: ProjectId): Promise<number> {
    const { total } = await this.db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where("projectId", "=", project)
      .executeTakeFirstOrThrow();
    return total;
  }
}

/** The store on one SQLite file: one process, one connection, every commit durable before it is acknowledged. */
export class SqlStore extends SqlRepositories implements Store {
  readonly #trail: AuditTrail;
  readonly #eventWriter: EventWriter;
  readonly #commits: GroupCommit;
  readonly audit: AuditLog;
  #revision = 0;
  #generation = 0;
  #identityGeneration = 0;
  readonly #listeners = new Set<RevisionListener>();
  readonly #eventListeners = new Set<(committed: EventsCommitted) => void>();

  private constructor(
    db: Kysely<Schema>,
    database: DatabaseSync,
    authenticate: Authenticate,
    clock: Clock,
    onCommit: CommitListener | undefined,
  ) {
    const eventWriter = new EventWriter(database);
    super(db, eventWriter);
    this.#eventWriter = eventWriter;
    this.#trail = new AuditTrail(database, authenticate, clock);
    this.#commits = new GroupCommit(db, () => this.#trail.seal(), onCommit);
    this.audit = new SqlAuditLog(database, authenticate, {
      read: (work) => db.connection().execute(() => Promise.resolve(work())),
      write: (work) => this.#commits.run(() => Promise.resolve(work())),
    });
  }

  /**
   * @param auditKey 32 bytes that the audit trail is authenticated with; they are not in the file
   * @param onCommit hears of every transaction that has become durable
   * @throws StartError where the file cannot be used
   */
  static async open(
    file: string,
    clock: Clock,
    auditKey: Buffer,
    onCommit?: CommitListener,
  ): Promise<SqlStore> {
    const database = openDatabase(file);
    const authenticate = authenticator(auditKey);
    beginTrail(database, authenticate, clock);
    const db = new Kysely<Schema>({
      dialect: nodeSqliteDialect(database),
    });
    const store = new SqlStore(db, database, authenticate, clock, onCommit);
    store.#revision = (await store.read((tx) => tx.desiredState())).revision;
    return store;
  }

  get revision(): number {
    return this.#revision;
  }

  get generation(): number {
    return this.#generation;
  }

  get identityGeneration(): number {
    return this.#identityGeneration;
  }

  async write<Result>(
    audit: AuditEntry,
    work: (tx: Repositories, revision: number) => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly revision: number }> {
    const { result, revision, committed } = await this.#commits.run(async (db) => {
      const { value: next } = await db
        .updateTable("revision")
        .set((eb) => ({ value: eb("value", "+", 1) }))
        .returning("value")
        .executeTakeFirstOrThrow();
      const tx = new SqlRepositories(db, this.#eventWriter);
      const done = await work(tx, next);
      this.#record(tx, [audit, ...tx.noted]);
      return { result: done, revision: next, committed: tx };
    });
    this.#age(committed);
    this.#revision = Math.max(this.#revision, revision);
    for (const listener of this.#listeners) listener(revision, audit.requestId);
    this.#tell(committed);
    return { result, revision };
  }

  async rehearse(
    work: (tx: Repositories, revision: number) => Promise<unknown>,
  ): Promise<{ readonly before: DesiredState; readonly after: DesiredState }> {
    const rehearsal = await this.db.startTransaction().execute();
    try {
      const tx = new SqlRepositories(rehearsal, this.#eventWriter);
      const before = await tx.desiredState();
      await work(tx, before.revision + 1);
      return { before, after: await tx.desiredState() };
    } finally {
      await rehearsal.rollback().execute();
    }
  }

  async observe<Result>(work: (tx: Repositories) => Promise<Result>, audit?: AuditEntry): Promise<Result> {
    const { result, committed } = await this.#commits.run(async (db) => {
      const tx = new SqlRepositories(db, this.#eventWriter);
      const done = await work(tx);
      this.#record(tx, [...(audit ? [audit] : []), ...tx.noted]);
      return { result: done, committed: tx };
    });
    this.#age(committed);
    this.#tell(committed);
    return result;
  }

  async read<Result>(work: (tx: Repositories) => Promise<Result>): Promise<Result> {
    return this.db.transaction().execute((db) => work(new SqlRepositories(db, this.#eventWriter)));
  }

  onRevision(listener: RevisionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onEvents(listener: (committed: EventsCommitted) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }

  /**
   * Writes the entries of the piece of work that is running, in its transaction. The rows that it changed go with the
   * first of them. Whatever else has to be durable with an entry is written here.
   */
  #record(tx: SqlRepositories, entries: readonly AuditEntry[]): void {
    for (const entry of entries.length > 0 ? entries : [unnamed]) {
      const recorded = this.#trail.append(entry);
      if (recorded) tx.events.recordChanges(recorded.changes, recorded.event.at);
    }
  }

  /** What others remember of the data is old now. */
  #age({ identity }: SqlRepositories): void {
    this.#generation += 1;
    if (identity.hasWritten) this.#identityGeneration += 1;
  }

  #tell({ events: { committed } }: SqlRepositories): void {
    if (committed) for (const listener of this.#eventListeners) listener(committed);
  }
}

/** Of work that says nothing of itself. */
const unnamed: AuditEntry = {
  actor: "system",
  action: "maintain",
  resource: "installation",
  isForChanges: true,
};
