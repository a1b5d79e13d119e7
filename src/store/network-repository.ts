import type { Kysely, Selectable } from "kysely";
import type { ProjectId, SubnetId, VpcId } from "../domain/ids.ts";
import type { Subnet, Vpc } from "../domain/resources.ts";
import type { Listing, NetworkRepository, Page } from "../domain/store.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import type { Schema } from "./schema.ts";

export class SqlNetworkRepository implements NetworkRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insertVpc(vpc: Vpc): Promise<void> {
    await this.#db.insertInto("vpc").values(vpc).execute();
  }

  async insertSubnet(subnet: Subnet): Promise<void> {
    await this.#db.insertInto("subnet").values(subnet).execute();
  }

  async deleteVpc(id: VpcId): Promise<void> {
    await this.#db.deleteFrom("vpc").where("id", "=", id).execute();
  }

  async vpc(id: VpcId): Promise<Vpc | undefined> {
    const row = await this.#db.selectFrom("vpc").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toVpc(row);
  }

  async vpcs(project: ProjectId, page: Page): Promise<Listing<Vpc>> {
    const rows = await this.#db
      .selectFrom("vpc")
      .selectAll()
      .where("projectId", "=", project)
      .orderBy("createdAt")
      .orderBy("id")
      .limit(page.limit)
      .offset(page.offset)
      .execute();
    const { total } = await this.#db
      .selectFrom("vpc")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where("projectId", "=", project)
      .executeTakeFirstOrThrow();
    return { items: rows.map(toVpc), total };
  }

  async firstVpc(project: ProjectId): Promise<Vpc | undefined> {
    const row = await this.#db
      .selectFrom("vpc")
      .selectAll()
      .where("projectId", "=", project)
      .orderBy("createdAt")
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
    return row && toVpc(row);
  }

  async loopbackVpcs(): Promise<readonly Vpc[]> {
    const rows = await this.#db.selectFrom("vpc").selectAll().where("attachment", "=", "loopback").execute();
    return rows.map(toVpc);
  }

  async vpcByName(project: ProjectId, name: string): Promise<Vpc | undefined> {
    const row = await this.#db
      .selectFrom("vpc")
      .selectAll()
      .where("projectId", "=", project)
      .where("name", "=", name)
      .executeTakeFirst();
    return row && toVpc(row);
  }

  async unattachedVpcs(): Promise<ReadonlySet<VpcId>> {
    const rows = await this.#db.selectFrom("vpc").select("id").where("attachment", "=", "none").execute();
    return new Set(rows.map((row) => row.id as VpcId));
  }

  async isVpcInUse(id: VpcId): Promise<boolean> {
    for (const table of ["endpoint", "cluster"] as const) {
      const user = await this.#db.selectFrom(table).select("id").where("vpcId", "=", id).executeTakeFirst();
      if (user) return true;
    }
    return false;
  }

  async subnet(id: SubnetId): Promise<Subnet | undefined> {
    const row = await this.#db.selectFrom("subnet").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toSubnet(row);
  }

  async subnets(vpc: VpcId): Promise<readonly Subnet[]> {
    const rows = await this.#db
      .selectFrom("subnet")
      .selectAll()
      .where("vpcId", "=", vpc)
      .orderBy("createdAt")
      .orderBy("name")
      .execute();
    return rows.map(toSubnet);
  }

  async setPoolCursor(subnet: SubnetId, cursor: Ipv4): Promise<void> {
    await this.#db.updateTable("subnet").set({ poolCursor: cursor }).where("id", "=", subnet).execute();
  }
}

function toVpc(row: Selectable<Schema["vpc"]>): Vpc {
  return {
    ...row,
    id: row.id as VpcId,
    projectId: row.projectId as ProjectId,
    attachment: row.attachment as Vpc["attachment"],
  };
}

function toSubnet(row: Selectable<Schema["subnet"]>): Subnet {
  return {
    ...row,
    id: row.id as SubnetId,
    vpcId: row.vpcId as VpcId,
    projectId: row.projectId as ProjectId,
    poolCursor: row.poolCursor as Ipv4 | null,
  };
}
