import { randomUUID } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { StoredChange } from "../domain/audit-chain.ts";
import type { AuditedRow, RowChange } from "../domain/audit.ts";
import {
  canBeTold,
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
import type { EventsCommitted } from "../domain/store.ts";
import { toRowChange } from "./audit-trail.ts";

/** Consumers' projects that are told of something about one service. */
const mostConsumers = 1_000;
/** Kinds of changes that events are made of; the others need not even be read. */
const toldKinds: ReadonlySet<string> = new Set(["endpoint", "service", "permission"]);
/** What of an update events are made of: without one of these names in its text it need not be read either. */
const toldColumns = /"(?:approval|phase|enabled)":/;

/**
 * Writes events. Works in the transaction that is open on its connection, with statements of its own, as the audit
 * trail does: every write passes here, also those of which nothing is told.
 */
export class EventWriter {
  readonly #insertEvent: StatementSync;
  readonly #insertDelivery: StatementSync;
  readonly #readWebhooks: StatementSync;
  readonly #readService: StatementSync;
  readonly #readEndpoint: StatementSync;
  readonly #readConsumers: StatementSync;

  constructor(database: DatabaseSync) {
    // A piece that deletes a project takes its events along.
    this.#insertEvent = database.prepare(
      "insert into event (project_id, at, kind, resource, data) select id, ?2, ?3, ?4, ?5 from project where id = ?1",
    );
    this.#insertDelivery = database.prepare(
      "insert into webhook_delivery (id, webhook_id, seq, kind, resource, body, status, failures, next_at, created_at) " +
        "values (?, ?, ?, ?, ?, ?, 'pending', 0, ?, ?)",
    );
    this.#readWebhooks = database.prepare(
      "select id, kinds from webhook where project_id = ? and enabled = 1",
    );
    this.#readService = database.prepare(
      "select id, project_id, cluster_id, name from endpoint_service where id = ?",
    );
    this.#readEndpoint = database.prepare(
      "select service_id, project_id, account_id, marker_id, rejected_by, failure_code from endpoint where id = ?",
    );
    this.#readConsumers = database.prepare(
      "select distinct project_id as id from endpoint where service_id = ? and approval = 'accepted' limit ?",
    );
  }

  /** Writes down what the changes of one piece of work made happen. @returns as `append` */
  recordChanges(stored: readonly StoredChange[], at: Timestamp): EventsCommitted | undefined {
    const changes = stored.filter(isWorthReading).map(toRowChange).filter(canBeTold);
    if (changes.length === 0) return undefined;
    const whole = changes.map((change) => this.#complete(change, changes));
    const services = new Map<string, ServiceFacts>();
    for (const id of servicesOf(whole)) {
      const facts = this.#factsOf(id, whole);
      if (facts) services.set(id, facts);
    }
    return this.append(
      eventsOf(whole, (id) => services.get(id)),
      at,
    );
  }

  /** Leaves out events of projects that are no more. @returns whom to wake once they are durable; undefined: nobody */
  append(events: readonly NewEvent[], at: Timestamp): EventsCommitted | undefined {
    const kept: PosternEvent[] = [];
    for (const event of events) {
      const { projectId, kind, resource, data } = event;
      const { changes, lastInsertRowid } = this.#insertEvent.run(
        projectId,
        at,
        kind,
        resource,
        JSON.stringify(data),
      );
      if (Number(changes) > 0) kept.push({ ...event, seq: Number(lastInsertRowid), at });
    }
    if (kept.length === 0) return undefined;
    const projects = new Set(kept.map(({ projectId }) => projectId));
    return { projects, webhooks: this.#deliver(kept, projects) };
  }

  /** Projects that have accepted endpoints of a service, some of them where there are very many. */
  consumers(service: string): readonly ProjectId[] {
    const rows = this.#readConsumers.all(service, mostConsumers) as unknown as { readonly id: ProjectId }[];
    return rows.map(({ id }) => id);
  }

  /** Of an update the trail has only what differs; what is told of an endpoint names more. */
  #complete(change: RowChange, changes: readonly RowChange[]): RowChange {
    const { kind, id, before, after } = change;
    if (kind !== "endpoint" || !before || !after) return change;
    const row =
      (this.#readEndpoint.get(id) as AuditedRow | undefined) ??
      changes.find((other) => other.id === id && !other.after)?.before;
    return { ...change, before: { ...row, ...before }, after: { ...row, ...after } };
  }

  #factsOf(id: string, changes: readonly RowChange[]): ServiceFacts | undefined {
    const ofService = changes.filter((change) => change.kind === "service" && change.id === id);
    const row = this.#readService.get(id);
    if (row) return toFacts(row, ofService.length > 0 ? this.consumers(id) : []);
    const gone = ofService.find(({ after }) => !after);
    return gone && toFacts({ ...gone.before, id, project_id: gone.projectId }, []);
  }

  #deliver(events: readonly PosternEvent[], projects: ReadonlySet<ProjectId>): ReadonlySet<WebhookId> {
    const reached = new Set<WebhookId>();
    for (const project of projects) {
      for (const { id, kinds } of this.#readWebhooks.all(project) as unknown as WebhookRow[]) {
        const wanted = new Set(JSON.parse(kinds) as EventKind[]);
        const its = events.filter(
          ({ projectId, kind }) => projectId === project && (wanted.size === 0 || wanted.has(kind)),
        );
        for (const event of its) this.#addDelivery(event, id);
        if (its.length > 0) reached.add(id);
      }
    }
    return reached;
  }

  #addDelivery(event: PosternEvent, webhook: WebhookId): void {
    const { seq, at, kind, resource } = event;
    const body = JSON.stringify(renderEvent(event));
    this.#insertDelivery.run(randomUUID(), webhook, seq, kind, resource, body, at, at);
  }
}

function isWorthReading({ kind, before, after }: StoredChange): boolean {
  return toldKinds.has(kind) && (before === null || after === null || toldColumns.test(after));
}

interface WebhookRow {
  readonly id: WebhookId;
  readonly kinds: string;
}

/** @param row with the columns that a service and its deletion in the audit trail have in common */
function toFacts(row: AuditedRow, consumers: readonly ProjectId[]): ServiceFacts {
  return {
    id: row["id"] as ServiceId,
    projectId: row["project_id"] as ProjectId,
    clusterId: row["cluster_id"] as ClusterId,
    name: row["name"] as string,
    consumers,
  };
}
