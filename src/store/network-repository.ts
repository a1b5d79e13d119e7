import { isIPv6 } from "node:net";
import { sql, type Insertable, type Kysely, type Selectable } from "kysely";
import { hostNameOf, type Attachment } from "../domain/attachment.ts";
import type { KernelAttachment } from "../domain/desired.ts";
import type { ProjectId, SubnetId, VpcId } from "../domain/ids.ts";
import type { KernelVpc, ReleasedAddress, Subnet, Timestamp, Vpc } from "../domain/resources.ts";
import type { Resolver } from "../domain/snapshot.ts";
import type { Listing, NetworkRepository, Page, PoolUse } from "../domain/store.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import type { Ipv6 } from "../lib/ipv6.ts";
import type { Schema } from "./schema.ts";

export class SqlNetworkRepository implements NetworkRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insertVpc(vpc: Vpc): Promise<void> {
    await this.#db.insertInto("vpc").values(fromVpc(vpc)).execute();
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

  async kernelVpcs(): Promise<readonly KernelVpc[]> {
    const rows = await this.#db
      .selectFrom("vpc")
      .selectAll()
      .where("attachmentName", "is not", null)
      .where("attachment", "in", ["interface", "netns"])
      .execute();
    return rows.map((row) => toVpc(row) as KernelVpc);
  }

  async vpcOnHost(attachment: KernelAttachment): Promise<Vpc | undefined> {
    const row = await this.#db
      .selectFrom("vpc")
      .selectAll()
      .where("attachment", "=", attachment.kind)
      .where("attachmentName", "=", hostNameOf(attachment))
      .executeTakeFirst();
    return row && toVpc(row);
  }

  async nextVpcNumber(): Promise<number> {
    // Along the index, up to the first gap.
    const { rows } = await sql<{ free: number }>`
      select number + 1 as free from (select 0 as number union all select number from vpc) as used
      where not exists (select 1 from vpc where vpc.number = used.number + 1) order by number limit 1
    `.execute(this.#db);
    return rows[0]?.free ?? 1;
  }

  async setAttachment(id: VpcId, attachment: Attachment): Promise<void> {
    await this.#db.updateTable("vpc").set(fromAttachment(attachment)).where("id", "=", id).execute();
  }

  async setCidr6(id: VpcId, subnet: SubnetId, cidr6: string): Promise<void> {
    await this.#db.updateTable("vpc").set({ cidr6 }).where("id", "=", id).execute();
    await this.#db.updateTable("subnet").set({ cidr6 }).where("id", "=", subnet).execute();
  }

  async setDnsAddress(id: VpcId, address: Ipv4): Promise<void> {
    await this.#db.updateTable("vpc").set({ dnsAddress: address }).where("id", "=", id).execute();
  }

  async resolvers(): Promise<readonly Resolver[]> {
    const rows = await this.#db
      .selectFrom("vpc")
      .select(["id", "dnsAddress"])
      .where("dnsAddress", "is not", null)
      .where("attachment", "=", "loopback")
      .execute();
    return rows.map((row) => ({ vpcId: row.id as VpcId, address: row.dnsAddress ?? "" }));
  }

  async vpcsWithoutDnsAddress(): Promise<readonly VpcId[]> {
    const rows = await this.#db
      .selectFrom("endpoint")
      .innerJoin("vpc", "vpc.id", "endpoint.vpcId")
      .select("vpc.id")
      .distinct()
      .where("endpoint.dnsEnabled", "=", 1)
      .where("vpc.dnsAddress", "is", null)
      .execute();
    return rows.map((row) => row.id as VpcId);
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

  async poolUse(projects?: ReadonlySet<ProjectId>): Promise<readonly PoolUse[]> {
    const asked = projects ? JSON.stringify([...projects]) : null;
    const { rows } = await sql<PoolUse>`
      select subnet.id as subnet_id, subnet.cidr, count(*) as used
      from subnet join endpoint on endpoint.subnet_id = subnet.id
      where ${asked} is null or subnet.project_id in (select value from json_each(${asked}))
      group by subnet.id
    `.execute(this.#db);
    return rows;
  }

  async setPoolCursor(subnet: SubnetId, cursor: Ipv4 | Ipv6): Promise<void> {
    const column = isIPv6(cursor) ? "pool6Cursor" : "poolCursor";
    await this.#db
      .updateTable("subnet")
      .set({ [column]: cursor })
      .where("id", "=", subnet)
      .execute();
  }

  async noteReleased(addresses: readonly ReleasedAddress[], expired: Timestamp): Promise<void> {
    await this.#db.deleteFrom("releasedAddress").where("releasedAt", "<=", expired).execute();
    for (const released of addresses) {
      await this.#db.replaceInto("releasedAddress").values(released).execute();
    }
  }

  async releasedAddresses<Address extends Ipv4 | Ipv6>(
    subnet: SubnetId,
    addresses: readonly Address[],
    since: Timestamp,
  ): Promise<ReadonlyMap<Address, ProjectId>> {
    const { rows } = await sql<{ address: Address; projectId: ProjectId }>`
      select address, project_id from released_address
      where subnet_id = ${subnet} and released_at > ${since}
        and address in (select value from json_each(${JSON.stringify(addresses)}))
    `.execute(this.#db);
    return new Map(rows.map(({ address, projectId }) => [address, projectId]));
  }
}

function fromVpc({ attachment, ...vpc }: Vpc): Insertable<Schema["vpc"]> {
  return { ...vpc, ...fromAttachment(attachment) };
}

function fromAttachment(attachment: Attachment): Pick<Schema["vpc"], "attachment" | "attachmentName"> {
  return { attachment: attachment.kind, attachmentName: hostNameOf(attachment) };
}

function toVpc({ attachment, attachmentName, ...row }: Selectable<Schema["vpc"]>): Vpc {
  return {
    ...row,
    id: row.id as VpcId,
    projectId: row.projectId as ProjectId,
    dnsAddress: row.dnsAddress as Ipv4 | null,
    attachment: toAttachment(attachment as Attachment["kind"], attachmentName ?? ""),
  };
}

function toAttachment(kind: Attachment["kind"], name: string): Attachment {
  if (kind === "interface") return { kind, device: name };
  return kind === "netns" ? { kind, namespace: name } : { kind };
}

function toSubnet(row: Selectable<Schema["subnet"]>): Subnet {
  return {
    ...row,
    id: row.id as SubnetId,
    vpcId: row.vpcId as VpcId,
    projectId: row.projectId as ProjectId,
    poolCursor: row.poolCursor as Ipv4 | null,
    pool6Cursor: row.pool6Cursor as Ipv6 | null,
  };
}
