import type { Kysely, Selectable } from "kysely";
import type { ServiceDomainId, ServiceId } from "../domain/ids.ts";
import type { ServiceDomain } from "../domain/service-domain.ts";
import type { ServiceDomainRepository } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

export class SqlServiceDomainRepository implements ServiceDomainRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(domain: ServiceDomain): Promise<void> {
    await this.#db.insertInto("serviceDomain").values(domain).execute();
  }

  async update(domain: ServiceDomain): Promise<void> {
    await this.#db.updateTable("serviceDomain").set(domain).where("id", "=", domain.id).execute();
  }

  async delete(id: ServiceDomainId): Promise<void> {
    await this.#db.deleteFrom("serviceDomain").where("id", "=", id).execute();
  }

  async find(id: ServiceDomainId): Promise<ServiceDomain | undefined> {
    const row = await this.#all().where("id", "=", id).executeTakeFirst();
    return row && toDomain(row);
  }

  async allOfService(service: ServiceId): Promise<readonly ServiceDomain[]> {
    const rows = await this.#all()
      .where("serviceId", "=", service)
      .orderBy("createdAt")
      .orderBy("name")
      .execute();
    return rows.map(toDomain);
  }

  async findVerified(name: string): Promise<ServiceDomain | undefined> {
    const row = await this.#all()
      .where("name", "=", name)
      .where("status", "=", "verified")
      .executeTakeFirst();
    return row && toDomain(row);
  }

  async allVerified(): Promise<readonly ServiceDomain[]> {
    const rows = await this.#all().where("status", "=", "verified").orderBy("name").execute();
    return rows.map(toDomain);
  }

  #all() {
    return this.#db.selectFrom("serviceDomain").selectAll();
  }
}

function toDomain(row: Selectable<Schema["serviceDomain"]>): ServiceDomain {
  return {
    ...row,
    id: row.id as ServiceDomainId,
    serviceId: row.serviceId as ServiceId,
    status: row.status as ServiceDomain["status"],
  };
}
