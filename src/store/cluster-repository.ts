import type { Kysely, Selectable } from "kysely";
import type { ClusterId, ProjectId, SubnetId, VpcId } from "../domain/ids.ts";
import type { Cluster, ClusterNode, Tag, Timestamp } from "../domain/resources.ts";
import type { ClusterFilter, ClusterRepository, Listing, Page } from "../domain/store.ts";
import type { Schema } from "./schema.ts";

export class SqlClusterRepository implements ClusterRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(cluster: Cluster): Promise<void> {
    await this.#db
      .insertInto("cluster")
      .values({
        ...cluster,
        nodes: JSON.stringify(cluster.nodes),
        tags: JSON.stringify(cluster.tags),
        insecureSkipVerify: cluster.insecureSkipVerify ? 1 : 0,
      })
      .execute();
  }

  async delete(id: ClusterId): Promise<void> {
    await this.#db.deleteFrom("cluster").where("id", "=", id).execute();
  }

  async find(id: ClusterId): Promise<Cluster | undefined> {
    const row = await this.#db.selectFrom("cluster").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toCluster(row);
  }

  async findByName(project: ProjectId, name: string): Promise<Cluster | undefined> {
    const row = await this.#db
      .selectFrom("cluster")
      .selectAll()
      .where("projectId", "=", project)
      .where("name", "=", name)
      .executeTakeFirst();
    return row && toCluster(row);
  }

  async list(project: ProjectId, filter: ClusterFilter, page: Page): Promise<Listing<Cluster>> {
    let wanted = this.#db.selectFrom("cluster").where("projectId", "=", project);
    if (!filter.includeReleased) wanted = wanted.where("state", "<>", "released");
    if (filter.engine !== undefined) wanted = wanted.where("engine", "=", filter.engine);
    const rows = await wanted
      .selectAll()
      .orderBy("createdAt", "desc")
      .orderBy("id")
      .limit(page.limit)
      .offset(page.offset)
      .execute();
    const { total } = await wanted
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    return { items: rows.map(toCluster), total };
  }

  async setState(id: ClusterId, state: Cluster["state"]): Promise<void> {
    await this.#db.updateTable("cluster").set({ state }).where("id", "=", id).execute();
  }

  async setTags(id: ClusterId, tags: Cluster["tags"]): Promise<void> {
    await this.#db
      .updateTable("cluster")
      .set({ tags: JSON.stringify(tags) })
      .where("id", "=", id)
      .execute();
  }

  async setNodes(id: ClusterId, nodes: Cluster["nodes"]): Promise<void> {
    await this.#db
      .updateTable("cluster")
      .set({ nodes: JSON.stringify(nodes) })
      .where("id", "=", id)
      .execute();
  }

  async touch(id: ClusterId, now: Timestamp): Promise<void> {
    await this.#db
      .updateTable("cluster")
      .set((eb) => ({ version: eb("version", "+", 1), updatedAt: now }))
      .where("id", "=", id)
      .execute();
  }
}

export function toCluster(row: Selectable<Schema["cluster"]>): Cluster {
  return {
    ...row,
    id: row.id as ClusterId,
    projectId: row.projectId as ProjectId,
    vpcId: row.vpcId as VpcId,
    subnetId: row.subnetId as SubnetId,
    state: row.state as Cluster["state"],
    engine: row.engine as Cluster["engine"],
    scheme: row.scheme as Cluster["scheme"],
    nodes: JSON.parse(row.nodes) as ClusterNode[],
    tags: JSON.parse(row.tags) as Tag[],
    insecureSkipVerify: row.insecureSkipVerify === 1,
  };
}
