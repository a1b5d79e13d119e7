import { isIPv6 } from "node:net";
import { sql, type Kysely, type Selectable } from "kysely";
import type { EndpointState } from "../domain/endpoint-state.ts";
import type { AccountId, EndpointId, ProjectId, ServiceId, SubnetId, VpcId } from "../domain/ids.ts";
import type { Endpoint, Tag, Timestamp } from "../domain/resources.ts";
import type {
  ConnectionFilter,
  EndpointDetails,
  EndpointFilter,
  EndpointRepository,
  Listing,
  Page,
  SortedPage,
} from "../domain/store.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import type { Ipv6 } from "../lib/ipv6.ts";
import { connectionsOf, endpointsOf, sorted, type EndpointQuery } from "./endpoint-search.ts";
import { listing } from "./page.ts";
import type { Schema } from "./schema.ts";

/** As large as those that clients know from elsewhere (contract section 3.5). */
const firstMarkerId = 16_777_216;

export class SqlEndpointRepository implements EndpointRepository {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(endpoint: Endpoint): Promise<void> {
    await this.#db
      .insertInto("endpoint")
      .values({
        ...endpoint,
        dnsEnabled: endpoint.dnsEnabled ? 1 : 0,
        sourceWhitelistEnabled: endpoint.sourceWhitelistEnabled ? 1 : 0,
        sourceWhitelist: JSON.stringify(endpoint.sourceWhitelist),
        tags: JSON.stringify(endpoint.tags),
      })
      .execute();
  }

  async delete(id: EndpointId): Promise<void> {
    await this.#db.deleteFrom("endpoint").where("id", "=", id).execute();
  }

  async find(id: EndpointId): Promise<Endpoint | undefined> {
    const row = await this.#db.selectFrom("endpoint").selectAll().where("id", "=", id).executeTakeFirst();
    return row && toEndpoint(row);
  }

  async listByService(service: ServiceId, page: Page): Promise<Listing<Endpoint>> {
    return this.#list("serviceId", service, page);
  }

  async listByProject(project: ProjectId, page: Page): Promise<Listing<Endpoint>> {
    return this.#list("projectId", project, page);
  }

  async allOfService(service: ServiceId): Promise<readonly Endpoint[]> {
    const rows = await this.#db.selectFrom("endpoint").selectAll().where("serviceId", "=", service).execute();
    return rows.map(toEndpoint);
  }

  async allOfProject(project: ProjectId): Promise<readonly Endpoint[]> {
    const rows = await this.#db.selectFrom("endpoint").selectAll().where("projectId", "=", project).execute();
    return rows.map(toEndpoint);
  }

  async searchByService(
    service: ServiceId,
    filter: ConnectionFilter,
    page: SortedPage,
  ): Promise<Listing<Endpoint>> {
    return this.#search(page, (query) => connectionsOf(query, service, filter));
  }

  async searchByProject(
    project: ProjectId,
    filter: EndpointFilter,
    page: SortedPage,
  ): Promise<Listing<Endpoint>> {
    return this.#search(page, (query) => endpointsOf(query, this.#db, project, filter));
  }

  async countActive(service: ServiceId): Promise<number> {
    const { total } = await this.#db
      .selectFrom("endpoint")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where("serviceId", "=", service)
      .where((eb) =>
        eb.or([
          eb("approval", "=", "accepted"),
          eb.and([eb("approval", "=", "pending"), eb("phase", "=", "creating")]),
        ]),
      )
      .executeTakeFirstOrThrow();
    return total;
  }

  async taken(ids: readonly EndpointId[]): Promise<ReadonlySet<EndpointId>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#db
      .selectFrom("endpoint")
      .select("id")
      .where("id", "in", [...ids])
      .execute();
    return new Set(rows.map((row) => row.id as EndpointId));
  }

  async nextMarkerId(): Promise<number> {
    const { last } = await this.#db
      .selectFrom("endpoint")
      .select((eb) => eb.fn.max<number | null>("markerId").as("last"))
      .executeTakeFirstOrThrow();
    return Math.max(last ?? 0, firstMarkerId) + 1;
  }

  async setDetails(id: EndpointId, details: EndpointDetails, now: Timestamp): Promise<void> {
    const { sourceWhitelistEnabled, sourceWhitelist, tags, ownerNote } = details;
    await this.#db
      .updateTable("endpoint")
      .set({
        updatedAt: now,
        ownerNote,
        sourceWhitelistEnabled: sourceWhitelistEnabled ? 1 : 0,
        sourceWhitelist: JSON.stringify(sourceWhitelist),
        tags: JSON.stringify(tags),
      })
      .where("id", "=", id)
      .execute();
  }

  async takenAddresses<Address extends Ipv4 | Ipv6>(
    subnet: SubnetId,
    addresses: readonly Address[],
  ): Promise<ReadonlySet<Address>> {
    const column = sql.ref(isIPv6(addresses[0] ?? "") ? "address6" : "address");
    // As one parameter: to put together a query with each address in it takes longer than to run it.
    const { rows } = await sql<{ address: Address }>`
      with wanted as (select value as address from json_each(${JSON.stringify(addresses)}))
      select ${column} as address from endpoint where subnet_id = ${subnet} and ${column} in wanted
      union all
      select dns_address from subnet join vpc on vpc.id = subnet.vpc_id
      where subnet.id = ${subnet} and dns_address in wanted
    `.execute(this.#db);
    return new Set(rows.map(({ address }) => address));
  }

  async countInSubnet(subnet: SubnetId): Promise<number> {
    return this.#count("subnetId", subnet);
  }

  async maxSessions(ids: readonly EndpointId[]): Promise<ReadonlyMap<EndpointId, number>> {
    const { rows } = await sql<{ id: EndpointId; maxSession: number }>`
      select id, max_session from endpoint where id in (select value from json_each(${JSON.stringify(ids)}))
    `.execute(this.#db);
    return new Map(rows.map(({ id, maxSession }) => [id, maxSession]));
  }

  async countInProject(project: ProjectId): Promise<number> {
    return this.#count("projectId", project);
  }

  async setState(id: EndpointId, state: EndpointState, now: Timestamp): Promise<void> {
    const { phase, approval, rejectedBy } = state;
    await this.#db
      .updateTable("endpoint")
      .set({ phase, approval, rejectedBy, updatedAt: now })
      .where("id", "=", id)
      .execute();
  }

  async setPhase(id: EndpointId, phase: Endpoint["phase"], failure: EndpointFault | null): Promise<void> {
    await this.#db
      .updateTable("endpoint")
      .set({ phase, failureCode: failure?.code ?? null, failureMessage: failure?.message ?? null })
      .where("id", "=", id)
      .execute();
  }

  async setOffer(
    id: EndpointId,
    offer: Pick<Endpoint, "specificationName" | "maxSession" | "dnsEnabled" | "address6">,
    now: Timestamp,
  ): Promise<void> {
    const { specificationName, maxSession, dnsEnabled, address6 } = offer;
    await this.#db
      .updateTable("endpoint")
      .set({ specificationName, maxSession, dnsEnabled: dnsEnabled ? 1 : 0, address6, updatedAt: now })
      .where("id", "=", id)
      .execute();
  }

  async setCaps(
    id: EndpointId,
    {
      maxSession,
      maxConnectionRate,
      maxBandwidth,
    }: Pick<Endpoint, "maxSession" | "maxConnectionRate" | "maxBandwidth">,
    now: Timestamp,
  ): Promise<void> {
    await this.#db
      .updateTable("endpoint")
      .set({ maxSession, maxConnectionRate, maxBandwidth, updatedAt: now })
      .where("id", "=", id)
      .execute();
  }

  async unsettled(): Promise<readonly Endpoint[]> {
    const rows = await this.#db.selectFrom("endpoint").selectAll().where("phase", "<>", "ready").execute();
    return rows.map(toEndpoint);
  }

  async #search(
    page: SortedPage,
    narrow: <Output>(query: EndpointQuery<Output>) => EndpointQuery<Output>,
  ): Promise<Listing<Endpoint>> {
    const all = this.#db.selectFrom("endpoint");
    return listing(
      sorted(narrow(all.selectAll()), page),
      narrow(all.select((eb) => eb.fn.countAll<number>().as("total"))),
      toEndpoint,
    );
  }

  async #list(column: "serviceId" | "projectId", value: string, page: Page): Promise<Listing<Endpoint>> {
    const rows = await this.#db
      .selectFrom("endpoint")
      .selectAll()
      .where(column, "=", value)
      .orderBy("createdAt", "desc")
      .orderBy("id")
      .limit(page.limit)
      .offset(page.offset)
      .execute();
    return { items: rows.map(toEndpoint), total: await this.#count(column, value) };
  }

  async #count(column: "subnetId" | "projectId" | "serviceId", value: string): Promise<number> {
    const { total } = await this.#db
      .selectFrom("endpoint")
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .where(column, "=", value)
      .executeTakeFirstOrThrow();
    return total;
  }
}

type EndpointFault = { readonly code: string; readonly message: string };

export function toEndpoint(row: Selectable<Schema["endpoint"]>): Endpoint {
  return {
    ...row,
    id: row.id as EndpointId,
    serviceId: row.serviceId as ServiceId,
    projectId: row.projectId as ProjectId,
    accountId: row.accountId as AccountId,
    vpcId: row.vpcId as VpcId,
    subnetId: row.subnetId as SubnetId,
    address: row.address as Ipv4,
    address6: row.address6 as Ipv6 | null,
    phase: row.phase as Endpoint["phase"],
    approval: row.approval as Endpoint["approval"],
    rejectedBy: row.rejectedBy as Endpoint["rejectedBy"],
    dnsEnabled: row.dnsEnabled === 1,
    sourceWhitelistEnabled: row.sourceWhitelistEnabled === 1,
    sourceWhitelist: JSON.parse(row.sourceWhitelist) as string[],
    tags: JSON.parse(row.tags) as Tag[],
  };
}
