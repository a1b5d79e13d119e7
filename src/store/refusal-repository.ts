import { sql, type Kysely, type Selectable } from "kysely";
import type { AccountId, EndpointId, GatewayId, ServiceId } from "../domain/ids.ts";
import type { RefusalReason } from "../domain/refusal.ts";
import {
  refusalsKept,
  refusalsKeptMs,
  type RefusalBatch,
  type RefusalRecord,
} from "../domain/refusal-record.ts";
import type { Timestamp } from "../domain/resources.ts";
import type { KeptRefusal, Listing, Page, RefusalRepository } from "../domain/store.ts";
import { listing } from "./page.ts";
import type { Schema } from "./schema.ts";

/** SQLite takes 32,766 parameters. */
const rowsAtOnce = 500;
/** Stands for others together: a key has no null. */
const others = "";

export class SqlRefusalRepository implements RefusalRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async take(gateway: GatewayId, batch: RefusalBatch, now: Timestamp): Promise<boolean> {
    if (!(await this.#isNews(gateway, batch))) return false;
    const services = await this.#servicesOf(batch.records);
    const rows = batch.records.flatMap(({ source, ...record }) => {
      const serviceId = services.get(record.endpointId);
      return serviceId === undefined ? [] : [{ ...record, serviceId, source: source ?? others }];
    });
    for (let at = 0; at < rows.length; at += rowsAtOnce) await this.#add(rows.slice(at, at + rowsAtOnce));
    await this.#trim([...services.keys()]);
    await this.#db
      .deleteFrom("refusal")
      .where("lastAt", "<", now - refusalsKeptMs)
      .execute();
    return true;
  }

  listByEndpoint(endpoint: EndpointId, page: Page): Promise<Listing<KeptRefusal>> {
    return this.#list("endpointId", endpoint, page);
  }

  listByService(service: ServiceId, page: Page): Promise<Listing<KeptRefusal>> {
    return this.#list("serviceId", service, page);
  }

  async #list(column: "endpointId" | "serviceId", id: string, page: Page): Promise<Listing<KeptRefusal>> {
    const slice = this.#db
      .selectFrom("refusal")
      .innerJoin("endpoint", "endpoint.id", "refusal.endpointId")
      .selectAll("refusal")
      .select("endpoint.accountId")
      .where(`refusal.${column}`, "=", id)
      .orderBy("lastAt", "desc")
      .orderBy("refusal.endpointId")
      .orderBy("reason")
      .orderBy("source")
      .limit(page.limit)
      .offset(page.offset);
    const count = this.#db
      .selectFrom("refusal")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where(column, "=", id);
    return listing(slice, count, toRefusal);
  }

  /** Notes that the batch was taken. Returns whether it had not been before. */
  async #isNews(gatewayId: GatewayId, { process, sequence }: RefusalBatch): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto("refusalBatch")
      .values({ gatewayId, process, sequence })
      .onConflict((conflict) =>
        conflict
          .column("gatewayId")
          .doUpdateSet({ process, sequence })
          .where((eb) =>
            eb.or([eb("refusalBatch.process", "!=", process), eb("refusalBatch.sequence", "<", sequence)]),
          ),
      )
      .executeTakeFirst();
    return (numInsertedOrUpdatedRows ?? 0n) > 0n;
  }

  /** Endpoints that are there: others may be gone by the time that a gateway tells of them. */
  async #servicesOf(records: readonly RefusalRecord[]): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(records.map(({ endpointId }) => endpointId))];
    if (ids.length === 0) return new Map();
    const rows = await this.#db
      .selectFrom("endpoint")
      .select(["id", "serviceId"])
      .where("id", "in", ids)
      .execute();
    return new Map(rows.map(({ id, serviceId }) => [id, serviceId]));
  }

  async #add(rows: readonly Schema["refusal"][]): Promise<void> {
    await this.#db
      .insertInto("refusal")
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(["endpointId", "reason", "source"]).doUpdateSet((eb) => ({
          count: eb("refusal.count", "+", eb.ref("excluded.count")),
          firstAt: eb.fn<number>("min", ["refusal.firstAt", "excluded.firstAt"]),
          lastAt: eb.fn<number>("max", ["refusal.lastAt", "excluded.lastAt"]),
        })),
      )
      .execute();
  }

  /** Of endpoints with too many records, counts those that were added to longest ago with the others. */
  async #trim(endpoints: readonly string[]): Promise<void> {
    if (endpoints.length === 0) return;
    const full = await this.#db
      .selectFrom("refusal")
      .select("endpointId")
      .where("endpointId", "in", endpoints)
      .groupBy("endpointId")
      .having((eb) => eb(eb.fn.countAll<number>(), ">", refusalsKept))
      .execute();
    for (const { endpointId } of full) await this.#fold(endpointId);
  }

  async #fold(endpointId: string): Promise<void> {
    // As many as there are reasons may be of others together, and are not folded.
    const excess = await this.#db
      .selectFrom("refusal")
      .selectAll()
      .where("endpointId", "=", endpointId)
      .where("source", "!=", others)
      .orderBy("lastAt", "desc")
      .orderBy("source")
      .limit(-1)
      .offset(refusalsKept - 10)
      .execute();
    for (let at = 0; at < excess.length; at += rowsAtOnce) {
      const some = excess.slice(at, at + rowsAtOnce);
      const keys = some.map(({ reason, source }) => sql`(${reason}, ${source})`);
      await this.#db
        .deleteFrom("refusal")
        .where("endpointId", "=", endpointId)
        .where(sql<boolean>`(reason, source) in (values ${sql.join(keys)})`)
        .execute();
    }
    for (const row of summed(excess)) await this.#add([row]);
  }
}

/** One row a reason, of others together. */
function summed(rows: readonly Schema["refusal"][]): readonly Schema["refusal"][] {
  const sums = new Map<string, Schema["refusal"]>();
  for (const row of rows) {
    const sum = sums.get(row.reason) ?? { ...row, source: others, count: 0 };
    sums.set(row.reason, {
      ...sum,
      count: sum.count + row.count,
      firstAt: Math.min(sum.firstAt, row.firstAt),
      lastAt: Math.max(sum.lastAt, row.lastAt),
    });
  }
  return [...sums.values()];
}

function toRefusal(row: Selectable<Schema["refusal"]> & { readonly accountId: string }): KeptRefusal {
  return {
    endpointId: row.endpointId as EndpointId,
    serviceId: row.serviceId as ServiceId,
    accountId: row.accountId as AccountId,
    reason: row.reason as RefusalReason,
    source: row.source === others ? null : row.source,
    firstAt: row.firstAt,
    lastAt: row.lastAt,
    count: row.count,
  };
}
