import { sql, type Kysely, type Selectable } from "kysely";
import type { EventKind } from "../domain/events.ts";
import type { ProjectId, WebhookId } from "../domain/ids.ts";
import type { Timestamp } from "../domain/resources.ts";
import type { Listing, Page, WebhookRepository } from "../domain/store.ts";
import type { Delivery, Webhook } from "../domain/webhook.ts";
import { listing } from "./page.ts";
import type { Schema } from "./schema.ts";

export class SqlWebhookRepository implements WebhookRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(webhook: Webhook): Promise<void> {
    await this.#db.insertInto("webhook").values(toRow(webhook)).execute();
  }

  async update(webhook: Webhook): Promise<void> {
    await this.#db.updateTable("webhook").set(toRow(webhook)).where("id", "=", webhook.id).execute();
  }

  async delete(id: WebhookId): Promise<void> {
    await this.#db.deleteFrom("webhook").where("id", "=", id).execute();
  }

  async find(id: WebhookId): Promise<Webhook | undefined> {
    const row = await this.#db.selectFrom("webhook").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toWebhook(row);
  }

  async allOfProject(project: ProjectId): Promise<readonly Webhook[]> {
    const rows = await this.#db
      .selectFrom("webhook")
      .selectAll()
      .where("projectId", "=", project)
      .orderBy("createdAt")
      .orderBy("id")
      .execute();
    return rows.map(toWebhook);
  }

  async withPending(): Promise<readonly WebhookId[]> {
    const rows = await this.#db
      .selectFrom("webhook")
      .select("id")
      .where("enabled", "=", 1)
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom("webhookDelivery")
            .select("webhookDelivery.id")
            .whereRef("webhookDelivery.webhookId", "=", "webhook.id")
            .where("status", "=", "pending"),
        ),
      )
      .execute();
    return rows.map(({ id }) => id as WebhookId);
  }

  async heads(webhook: WebhookId, most: number): Promise<readonly Delivery[]> {
    const rows = await this.#db
      .selectFrom("webhookDelivery as head")
      .selectAll()
      .where("webhookId", "=", webhook)
      .where("status", "=", "pending")
      .where("seq", "=", (eb) =>
        eb
          .selectFrom("webhookDelivery as first")
          .select(({ fn }) => fn.min("first.seq").as("seq"))
          .where("first.webhookId", "=", webhook)
          .where("first.status", "=", "pending")
          .whereRef("first.resource", "=", "head.resource"),
      )
      .orderBy("nextAt")
      .orderBy("seq")
      .limit(most)
      .execute();
    return rows.map(toDelivery);
  }

  async nextOf(webhook: WebhookId, resource: string): Promise<Delivery | undefined> {
    const row = await this.#db
      .selectFrom("webhookDelivery")
      .selectAll()
      .where("webhookId", "=", webhook)
      .where("status", "=", "pending")
      .where("resource", "=", resource)
      .orderBy("seq")
      .limit(1)
      .executeTakeFirst();
    return row?.failures === 0 ? toDelivery(row) : undefined;
  }

  async delivery(id: string): Promise<Delivery | undefined> {
    const row = await this.#db
      .selectFrom("webhookDelivery")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    return row && toDelivery(row);
  }

  async deliveries(webhook: WebhookId, status: Delivery["status"], page: Page): Promise<Listing<Delivery>> {
    const all = this.#db
      .selectFrom("webhookDelivery")
      .where("webhookId", "=", webhook)
      .where("status", "=", status);
    return listing(
      all.selectAll().orderBy("seq").limit(page.limit).offset(page.offset),
      all.select(({ fn }) => fn.countAll<number>().as("total")),
      toDelivery,
    );
  }

  async arrived(id: string): Promise<void> {
    await this.#db.deleteFrom("webhookDelivery").where("id", "=", id).execute();
  }

  async setDelivery({ id, status, failures, nextAt, problem }: Delivery): Promise<void> {
    await this.#db
      .updateTable("webhookDelivery")
      .set({ status, failures, nextAt, problem })
      .where("id", "=", id)
      .execute();
  }

  async trimDead(before: Timestamp, mostNow: number): Promise<number> {
    const { numAffectedRows } = await sql`
      delete from webhook_delivery where rowid in (
        select rowid from webhook_delivery where status = 'dead' and created_at < ${before} limit ${mostNow})
    `.execute(this.#db);
    return Number(numAffectedRows ?? 0);
  }
}

function toRow(webhook: Webhook): Schema["webhook"] {
  return { ...webhook, kinds: JSON.stringify(webhook.kinds), enabled: webhook.enabled ? 1 : 0 };
}

function toWebhook(row: Selectable<Schema["webhook"]>): Webhook {
  return {
    ...row,
    id: row.id as WebhookId,
    projectId: row.projectId as ProjectId,
    kinds: JSON.parse(row.kinds) as EventKind[],
    enabled: row.enabled === 1,
  };
}

function toDelivery(row: Selectable<Schema["webhookDelivery"]>): Delivery {
  return {
    ...row,
    webhookId: row.webhookId as WebhookId,
    kind: row.kind as EventKind,
    status: row.status as Delivery["status"],
  };
}
