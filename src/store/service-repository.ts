import type { Kysely, Selectable, SelectQueryBuilder } from "kysely";
import type { ClusterId, PermissionId, ProjectId, ServiceId } from "../domain/ids.ts";
import type { EndpointService, Permission, ServicePort, Tag } from "../domain/resources.ts";
import type { Listing, ServiceFilter, ServiceRepository, SortedPage } from "../domain/store.ts";
import { everyonePermissions } from "../domain/whitelist.ts";
import { contains, containsInAnyCase, listing } from "./page.ts";
import type { Schema } from "./schema.ts";

export class SqlServiceRepository implements ServiceRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(service: EndpointService): Promise<void> {
    await this.#db.insertInto("endpointService").values(toRow(service)).execute();
  }

  async update(service: EndpointService): Promise<void> {
    await this.#db.updateTable("endpointService").set(toRow(service)).where("id", "=", service.id).execute();
  }

  async find(id: ServiceId): Promise<EndpointService | undefined> {
    return this.#findBy("id", id);
  }

  async findByName(name: string): Promise<EndpointService | undefined> {
    return this.#findBy("name", name);
  }

  async findOpened(cluster: ClusterId): Promise<EndpointService | undefined> {
    const row = await this.#db
      .selectFrom("endpointService")
      .selectAll()
      .where("clusterId", "=", cluster)
      .where("origin", "=", "css")
      .executeTakeFirst();
    return row && toService(row);
  }

  async allOfCluster(cluster: ClusterId): Promise<readonly EndpointService[]> {
    const rows = await this.#db
      .selectFrom("endpointService")
      .selectAll()
      .where("clusterId", "=", cluster)
      .execute();
    return rows.map(toService);
  }

  async allOfProject(project: ProjectId): Promise<readonly EndpointService[]> {
    const rows = await this.#db
      .selectFrom("endpointService")
      .selectAll()
      .where("projectId", "=", project)
      .execute();
    return rows.map(toService);
  }

  async listByProject(
    project: ProjectId,
    filter: ServiceFilter,
    page: SortedPage,
  ): Promise<Listing<EndpointService>> {
    return this.#list(filter, page, (query) => query.where("projectId", "=", project));
  }

  async listOpenToEveryone(filter: ServiceFilter, page: SortedPage): Promise<Listing<EndpointService>> {
    return this.#list(filter, page, (query) =>
      query.where((eb) =>
        eb.exists(
          eb
            .selectFrom("permission")
            .select("permission.id")
            .whereRef("permission.serviceId", "=", "endpointService.id")
            .where("permission.permission", "in", everyonePermissions),
        ),
      ),
    );
  }

  async delete(id: ServiceId): Promise<void> {
    await this.#db.deleteFrom("endpointService").where("id", "=", id).execute();
  }

  async setPermissionDescription(id: PermissionId, description: string): Promise<void> {
    await this.#db.updateTable("permission").set({ description }).where("id", "=", id).execute();
  }

  async permissions(service: ServiceId): Promise<readonly Permission[]> {
    const rows = await this.#db
      .selectFrom("permission")
      .selectAll()
      .where("serviceId", "=", service)
      .orderBy("createdAt")
      .orderBy("id")
      .execute();
    return rows.map(toPermission);
  }

  async listPermissions(service: ServiceId, part: string, page: SortedPage): Promise<Listing<Permission>> {
    const wanted = this.#db
      .selectFrom("permission")
      .where("serviceId", "=", service)
      .$if(part !== "", (query) => query.where((eb) => contains(eb.ref("permission"), part)));
    // An entry has one time only.
    return listing(
      wanted
        .selectAll()
        .orderBy("createdAt", page.direction)
        .orderBy("id")
        .limit(page.limit)
        .offset(page.offset),
      wanted.select((eb) => eb.fn.countAll<number>().as("total")),
      toPermission,
    );
  }

  async takenPermissions(
    ids: readonly PermissionId[],
    except: ServiceId | undefined,
  ): Promise<ReadonlySet<PermissionId>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#db
      .selectFrom("permission")
      .select("id")
      .where("id", "in", [...ids])
      .$if(except !== undefined, (query) => query.where("serviceId", "<>", except ?? ""))
      .execute();
    return new Set(rows.map((row) => row.id as PermissionId));
  }

  async insertPermissions(permissions: readonly Permission[]): Promise<void> {
    if (permissions.length === 0) return;
    await this.#db
      .insertInto("permission")
      .values([...permissions])
      .execute();
  }

  async deletePermissions(ids: readonly PermissionId[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#db
      .deleteFrom("permission")
      .where("id", "in", [...ids])
      .execute();
  }

  async #list(
    { id, name }: ServiceFilter,
    page: SortedPage,
    narrow: <Output>(query: ServiceQuery<Output>) => ServiceQuery<Output>,
  ): Promise<Listing<EndpointService>> {
    let wanted = narrow(this.#db.selectFrom("endpointService").where("enabled", "=", 1));
    if (id !== undefined) wanted = wanted.where("id", "=", id);
    if (name !== undefined) wanted = wanted.where((eb) => containsInAnyCase(eb.ref("name"), name));
    return listing(
      wanted
        .selectAll()
        .orderBy(page.sortBy, page.direction)
        .orderBy("id")
        .limit(page.limit)
        .offset(page.offset),
      wanted.select((eb) => eb.fn.countAll<number>().as("total")),
      toService,
    );
  }

  async #findBy(column: "id" | "name", value: string): Promise<EndpointService | undefined> {
    const row = await this.#db
      .selectFrom("endpointService")
      .selectAll()
      .where(column, "=", value)
      .executeTakeFirst();
    return row && toService(row);
  }
}

type ServiceQuery<Output> = SelectQueryBuilder<Schema, "endpointService", Output>;

function toPermission(row: Selectable<Schema["permission"]>): Permission {
  return {
    ...row,
    id: row.id as PermissionId,
    serviceId: row.serviceId as ServiceId,
    permissionType: row.permissionType as Permission["permissionType"],
  };
}

function toRow(service: EndpointService): Schema["endpointService"] {
  return {
    ...service,
    enabled: service.enabled ? 1 : 0,
    updateSwitch: service.updateSwitch ? 1 : 0,
    approvalEnabled: service.approvalEnabled ? 1 : 0,
    dnsEnabled: service.dnsEnabled ? 1 : 0,
    professional: service.professional ? 1 : 0,
    reconcileConnections: service.reconcileConnections ? 1 : 0,
    ports: JSON.stringify(service.ports),
    tags: JSON.stringify(service.tags),
  };
}

export function toService(row: Selectable<Schema["endpointService"]>): EndpointService {
  return {
    ...row,
    id: row.id as ServiceId,
    clusterId: row.clusterId as ClusterId,
    projectId: row.projectId as ProjectId,
    enabled: row.enabled === 1,
    updateSwitch: row.updateSwitch === 1,
    approvalEnabled: row.approvalEnabled === 1,
    dnsEnabled: row.dnsEnabled === 1,
    professional: row.professional === 1,
    reconcileConnections: row.reconcileConnections === 1,
    origin: row.origin as EndpointService["origin"],
    ports: JSON.parse(row.ports) as ServicePort[],
    tags: JSON.parse(row.tags) as Tag[],
  };
}
