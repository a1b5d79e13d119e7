import { sql, type Kysely, type Selectable } from "kysely";
import type { StoredChange } from "../domain/audit-chain.ts";
import type { EventKind, NewEvent, PosternEvent } from "../domain/events.ts";
import type { ProjectId, ServiceId, WebhookId } from "../domain/ids.ts";
import type { Timestamp } from "../domain/resources.ts";
import type { EventFilter, EventRepository, EventsCommitted } from "../domain/store.ts";
import type { EventWriter } from "./event-writer.ts";
import type { Schema } from "./schema.ts";

/** Events of one piece of work, beside what it changed: both are there, or neither. */
export class SqlEventRepository implements EventRepository {
  readonly #db: Kysely<Schema>;
  readonly #writer: EventWriter;
  readonly #projects = new Set<ProjectId>();
  readonly #webhooks = new Set<WebhookId>();

  constructor(db: Kysely<Schema>, writer: EventWriter) {
    this.#db = db;
    this.#writer = writer;
  }

  /** Whom to wake once the piece is durable; undefined where nothing happened. */
  get committed(): EventsCommitted | undefined {
    return this.#projects.size === 0 ? undefined : { projects: this.#projects, webhooks: this.#webhooks };
  }

  /** Writes down what the changes made happen. */
  recordChanges(changes: readonly StoredChange[], at: Timestamp): void {
    this.#note(this.#writer.recordChanges(changes, at));
  }

  async append(events: readonly NewEvent[], at: Timestamp): Promise<void> {
    this.#note(this.#writer.append(events, at));
  }

  async list(
    project: ProjectId,
    { after, kinds, limit, isNewest = false }: EventFilter,
  ): Promise<readonly PosternEvent[]> {
    let query = this.#db
      .selectFrom("event")
      .selectAll()
      .where("projectId", "=", project)
      .where("seq", ">", after);
    if (kinds.length > 0) query = query.where("kind", "in", kinds);
    const rows = await query
      .orderBy("seq", isNewest ? "desc" : "asc")
      .limit(limit)
      .execute();
    return (isNewest ? rows.toReversed() : rows).map(toEvent);
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

  async consumers(service: ServiceId): Promise<readonly ProjectId[]> {
    return this.#writer.consumers(service);
  }

  #note(committed: EventsCommitted | undefined): void {
    for (const project of committed?.projects ?? []) this.#projects.add(project);
    for (const webhook of committed?.webhooks ?? []) this.#webhooks.add(webhook);
  }
}

function toEvent(row: Selectable<Schema["event"]>): PosternEvent {
  return {
    ...row,
    projectId: row.projectId as ProjectId,
    kind: row.kind as EventKind,
    data: JSON.parse(row.data) as PosternEvent["data"],
  };
}
