import { randomUUID } from "node:crypto";
import { sql, type Kysely, type Selectable } from "kysely";
import type { RowChange } from "../domain/audit.ts";
import {
  eventsOf,
  renderEvent,
  servicesOf,
  type EventKind,
  type NewEvent,
  type PosternEvent,
  type ServiceFacts,
} from "../domain/events.ts";
import type { ClusterId, ProjectId, ServiceId, WebhookId } from "../domain/ids.ts";
import type { Timestamp } from "../domain/resources.ts";
import type { EventFilter, EventRepository, EventsCommitted } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

/** Consumers' projects that are told of something about one service. */
const mostConsumers = 1_000;
const rowsInStatement = 500;

/** Events of one piece of work, beside what it changed: both are there, or neither. */
export class SqlEventRepository implements EventRepository {
  readonly #db: Kysely<Schema>;
  readonly #projects = new Set<ProjectId>();
  readonly #webhooks = new Set<WebhookId>();

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Whom to wake once the piece is durable; undefined where nothing happened. */
  get committed(): EventsCommitted | undefined {
    return this.#projects.size === 0 ? undefined : { projects: this.#projects, webhooks: this.#webhooks };
  }

  /** Writes down what the changes made happen. */
  async recordChanges(changes: readonly RowChange[], at: Timestamp): Promise<void> {
    const ids = servicesOf(changes);
    if (ids.length === 0) return;
    const gone = changes.filter(({ kind, after }) => kind === "service" && !after);
    const services = new Map<string, ServiceFacts>();
    for (const { id, projectId, before } of gone)
      services.set(
        id,
        toFacts({ id, projectId, clusterId: before?.["cluster_id"], name: before?.["name"] }, []),
      );
    for (const facts of await this.#services(ids, changes)) services.set(facts.id, facts);
    await this.append(
      eventsOf(changes, (id) => services.get(id)),
      at,
    );
  }

  async append(events: readonly NewEvent[], at: Timestamp): Promise<void> {
    const present = await this.#presentProjects(new Set(events.map(({ projectId }) => projectId)));
    const told = events.filter(({ projectId }) => present.has(projectId));
    if (told.length === 0) return;
    const kept: PosternEvent[] = [];
    for (let from = 0; from < told.length; from += rowsInStatement) {
      const some = told.slice(from, from + rowsInStatement);
      const rows = await this.#db
        .insertInto("event")
        .values(some.map((event) => ({ ...event, at, data: JSON.stringify(event.data) })))
        .returning("seq")
        .execute();
      // One statement numbers its rows in their order, whatever order it returns them in.
      const first = Math.min(...rows.map(({ seq }) => seq));
      kept.push(...some.map((event, index) => ({ ...event, seq: first + index, at })));
    }
    for (const { projectId } of told) this.#projects.add(projectId);
    await this.#deliver(kept, present);
  }

  async list(project: ProjectId, { after, kinds, limit }: EventFilter): Promise<readonly PosternEvent[]> {
    let query = this.#db
      .selectFrom("event")
      .selectAll()
      .where("projectId", "=", project)
      .where("seq", ">", after);
    if (kinds.length > 0) query = query.where("kind", "in", kinds);
    return (await query.orderBy("seq").limit(limit).execute()).map(toEvent);
  }

  async firstSince(project: ProjectId, time: Timestamp): Promise<number> {
    const row = await this.#db
      .selectFrom("event")
      .select("seq")
      .where("projectId", "=", project)
      .where("at", ">=", time)
      .orderBy("seq")
      .limit(1)
      .executeTakeFirst();
    return row?.seq ?? (await this.latest()) + 1;
  }

  async latest(): Promise<number> {
    const { rows } = await sql<{ seq: number }>`select seq from sqlite_sequence where name = 'event'`.execute(
      this.#db,
    );
    return rows[0]?.seq ?? 0;
  }

  async floor(project: ProjectId): Promise<number> {
    const row = await this.#db
      .selectFrom("eventFloor")
      .select("seq")
      .where("projectId", "=", project)
      .executeTakeFirst();
    return row?.seq ?? 0;
  }

  async trim(before: Timestamp, mostOfProject: number, mostNow: number): Promise<number> {
    const doomed = await this.#doomed(before, mostOfProject, mostNow);
    const floors = new Map<string, number>();
    for (const { seq, projectId } of doomed) floors.set(projectId, Math.max(seq, floors.get(projectId) ?? 0));
    for (const [projectId, seq] of floors) {
      await this.#db.deleteFrom("event").where("projectId", "=", projectId).where("seq", "<=", seq).execute();
      await this.#db
        .insertInto("eventFloor")
        .values({ projectId, seq })
        .onConflict((conflict) => conflict.column("projectId").doUpdateSet({ seq }))
        .execute();
    }
    return doomed.length;
  }

  async #doomed(before: Timestamp, mostOfProject: number, mostNow: number) {
    // Events are numbered in the order of their times, so the oldest are the lowest.
    const old = await this.#db
      .selectFrom("event")
      .select(["seq", "projectId", "at"])
      .orderBy("seq")
      .limit(mostNow)
      .execute();
    const tooOld = old.filter(({ at }) => at < before);
    if (tooOld.length > 0) return tooOld;
    const full = await this.#db
      .selectFrom("event")
      .select((eb) => ["projectId", eb.fn.countAll<number>().as("total")])
      .groupBy("projectId")
      .having((eb) => eb.fn.countAll<number>(), ">", mostOfProject)
      .limit(1)
      .executeTakeFirst();
    if (!full) return [];
    return this.#db
      .selectFrom("event")
      .select(["seq", "projectId", "at"])
      .where("projectId", "=", full.projectId)
      .orderBy("seq")
      .limit(Math.min(mostNow, full.total - mostOfProject))
      .execute();
  }

  async #presentProjects(ids: ReadonlySet<ProjectId>): Promise<ReadonlySet<ProjectId>> {
    if (ids.size === 0) return ids;
    // A piece that deletes a project takes its events along.
    const rows = await this.#db
      .selectFrom("project")
      .select("id")
      .where("id", "in", [...ids])
      .execute();
    return new Set(rows.map(({ id }) => id as ProjectId));
  }

  async #services(ids: readonly string[], changes: readonly RowChange[]): Promise<readonly ServiceFacts[]> {
    const rows: Selectable<Schema["endpointService"]>[] = [];
    for (let from = 0; from < ids.length; from += rowsInStatement) {
      const some = ids.slice(from, from + rowsInStatement);
      rows.push(
        ...(await this.#db.selectFrom("endpointService").selectAll().where("id", "in", some).execute()),
      );
    }
    const changed = new Set(changes.filter(({ kind }) => kind === "service").map(({ id }) => id));
    return Promise.all(
      rows.map(async (row) =>
        toFacts(row, changed.has(row.id) ? await this.consumers(row.id as ServiceId) : []),
      ),
    );
  }

  async consumers(service: ServiceId): Promise<readonly ProjectId[]> {
    const rows = await this.#db
      .selectFrom("endpoint")
      .select("projectId")
      .distinct()
      .where("serviceId", "=", service)
      .where("approval", "=", "accepted")
      .limit(mostConsumers)
      .execute();
    return rows.map(({ projectId }) => projectId as ProjectId);
  }

  async #deliver(events: readonly PosternEvent[], projects: ReadonlySet<ProjectId>): Promise<void> {
    const webhooks = await this.#db
      .selectFrom("webhook")
      .select(["id", "projectId", "kinds"])
      .where("projectId", "in", [...projects])
      .where("enabled", "=", 1)
      .execute();
    if (webhooks.length === 0) return;
    const deliveries = webhooks.flatMap(({ id, projectId, kinds }) => {
      const wanted = new Set(JSON.parse(kinds) as EventKind[]);
      return events
        .filter((event) => event.projectId === projectId && (wanted.size === 0 || wanted.has(event.kind)))
        .map((event) => deliveryOf(event, id));
    });
    for (let from = 0; from < deliveries.length; from += rowsInStatement)
      await this.#db
        .insertInto("webhookDelivery")
        .values(deliveries.slice(from, from + rowsInStatement))
        .execute();
    for (const { webhookId } of deliveries) this.#webhooks.add(webhookId as WebhookId);
  }
}

/** @param row with the columns that a service and its deletion in the audit trail have in common */
function toFacts(
  row: {
    readonly id: unknown;
    readonly projectId: unknown;
    readonly clusterId: unknown;
    readonly name: unknown;
  },
  consumers: readonly ProjectId[],
): ServiceFacts {
  return {
    id: row.id as ServiceId,
    projectId: row.projectId as ProjectId,
    clusterId: row.clusterId as ClusterId,
    name: row.name as string,
    consumers,
  };
}

function deliveryOf(event: PosternEvent, webhookId: string) {
  const { seq, at, kind, resource } = event;
  const first = { status: "pending", failures: 0, nextAt: at, problem: null, createdAt: at };
  return {
    id: randomUUID(),
    webhookId,
    seq,
    kind,
    resource,
    body: JSON.stringify(renderEvent(event)),
    ...first,
  };
}

function toEvent(row: Selectable<Schema["event"]>): PosternEvent {
  return {
    ...row,
    projectId: row.projectId as ProjectId,
    kind: row.kind as EventKind,
    data: JSON.parse(row.data) as PosternEvent["data"],
  };
}
