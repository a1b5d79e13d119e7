import type { Kysely, Selectable } from "kysely";
import type { GatewayId } from "../domain/ids.ts";
import type { Gateway, Timestamp } from "../domain/resources.ts";
import type { GatewayRepository } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

export class SqlGatewayRepository implements GatewayRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(gateway: Gateway): Promise<void> {
    await this.#db.insertInto("gateway").values(gateway).execute();
  }

  async find(id: GatewayId): Promise<Gateway | undefined> {
    const row = await this.#db.selectFrom("gateway").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toGateway(row);
  }

  async findByName(name: string): Promise<Gateway | undefined> {
    const row = await this.#db.selectFrom("gateway").selectAll().where("name", "=", name).executeTakeFirst();
    return row && toGateway(row);
  }

  async list(): Promise<readonly Gateway[]> {
    return (await this.#db.selectFrom("gateway").selectAll().orderBy("name").execute()).map(toGateway);
  }

  async setTokenHash(id: GatewayId, tokenHash: string): Promise<void> {
    await this.#db.updateTable("gateway").set({ tokenHash }).where("id", "=", id).execute();
  }

  async setLastSeen(id: GatewayId, now: Timestamp): Promise<void> {
    await this.#db.updateTable("gateway").set({ lastSeenAt: now }).where("id", "=", id).execute();
  }
}

function toGateway(row: Selectable<Schema["gateway"]>): Gateway {
  return { ...row, id: row.id as GatewayId };
}
