import type { Kysely } from "kysely";
import type { EndpointId, ServiceId, SubnetId, VpcId } from "../domain/ids.ts";
import type { EndpointPlace, InventoryRepository, SubnetPlace } from "../domain/inventory.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import type { Schema } from "./schema.ts";

export class SqlInventoryRepository implements InventoryRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async endpoints(after: EndpointId | null, limit: number): Promise<readonly EndpointPlace[]> {
    const rows = await this.#db
      .selectFrom("endpoint")
      .select(["id", "serviceId", "vpcId", "subnetId", "maxSession"])
      .where("id", ">", after ?? "")
      .orderBy("id")
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id as EndpointId,
      serviceId: row.serviceId as ServiceId,
      vpcId: row.vpcId as VpcId,
      subnetId: row.subnetId as SubnetId,
      maxSession: row.maxSession,
    }));
  }

  async subnets(after: SubnetId | null, limit: number): Promise<readonly SubnetPlace[]> {
    const rows = await this.#db
      .selectFrom("subnet")
      .innerJoin("vpc", "vpc.id", "subnet.vpcId")
      .select(["subnet.id", "subnet.vpcId", "subnet.cidr", "vpc.dnsAddress"])
      .where("subnet.id", ">", after ?? "")
      .orderBy("subnet.id")
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id as SubnetId,
      vpcId: row.vpcId as VpcId,
      cidr: row.cidr,
      dnsAddress: row.dnsAddress as Ipv4 | null,
    }));
  }
}
