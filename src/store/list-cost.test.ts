import { join } from "node:path";
import { Kysely } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import type { SortedPage } from "../domain/store.ts";
import { projectId, serviceId, subnetId, vpcId } from "../domain/test-fixtures.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { openDatabase } from "./database.ts";
import { SqlEndpointRepository } from "./endpoint-repository.ts";
import { nodeSqliteDialect } from "./node-sqlite-dialect.ts";
import type { Schema } from "./schema.ts";
import { SqlServiceRepository } from "./service-repository.ts";

/** A thousand of everything, by hand: through the repositories it would take a transaction each. */
const rows = `
  begin;
  insert into account values ('a', 'a', 1);
  insert into project values ('${projectId}', 'a', 'p', 1);
  insert into vpc (id, project_id, name, cidr, attachment, created_at)
    values ('${vpcId}', '${projectId}', 'v', '127.80.0.0/16', 'loopback', 1);
  insert into subnet (id, vpc_id, project_id, name, cidr, created_at)
    values ('${subnetId}', '${vpcId}', '${projectId}', 's', '127.80.0.0/16', 1);
  insert into cluster (id, project_id, name, state, engine, engine_version, nodes, scheme, insecure_skip_verify,
    client_port, vpc_id, subnet_id, version, created_at, updated_at)
    values ('c', '${projectId}', 'c', 'adopted', 'opensearch', '2', '[]', 'http', 0, 9200, '${vpcId}', '${subnetId}', 1, 1, 1);
  create temp table n as with recursive n(n) as (values (1) union all select n + 1 from n where n < 1000) select n from n;
  insert into endpoint_service select iif(n = 1, '${serviceId}', 's' || n), 'c', '${projectId}', 'n' || n, 1, 0, 0, 0, 1,
    'vpcep', '[]', '', '[]', n, n, 1 from n;
  insert into permission (id, service_id, permission, permission_type, created_at)
    select 'p' || n, '${serviceId}', 'iam:domain::' || n, 'domainId', n from n;
  insert into permission (id, service_id, permission, permission_type, created_at)
    select 'e' || rowid, id, '*', 'domainId', 1 from endpoint_service;
  insert into endpoint (id, service_id, project_id, account_id, vpc_id, subnet_id, address, phase, approval, max_session,
    specification_name, dns_enabled, description, created_revision, created_at)
    select 'e' || n, '${serviceId}', '${projectId}', 'a', '${vpcId}', '${subnetId}', '127.80.' || n, 'ready', 'accepted', 1,
    'default', 0, '', 1, n from n;
  commit;
`;

/** Repositories on a thousand rows, and how SQLite carried out what they asked since the last look. */
function startRepositories() {
  const database = openDatabase(join(testDirectory(), "postern.db"));
  database.exec(rows);
  const asked: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];
  const db = new Kysely<Schema>({
    dialect: nodeSqliteDialect(database),
    log: ({ query }) => void asked.push(query),
  });
  onTestFinished(() => db.destroy());
  const plans = (): string[] =>
    asked.splice(0).map(({ sql, parameters }) =>
      database
        .prepare(`explain query plan ${sql}`)
        .all(...(parameters as string[]))
        .map((step) => String(step["detail"]))
        .join("; "),
    );
  return { services: new SqlServiceRepository(db), endpoints: new SqlEndpointRepository(db), plans };
}

test.each([
  ["createdAt", "desc"],
  ["createdAt", "asc"],
  ["updatedAt", "desc"],
  ["updatedAt", "asc"],
] as const)(
  "a page of ten of a thousand by %s %s is read by index, and so is the count",
  async (sortBy, direction) => {
    const { services, endpoints, plans } = startRepositories();
    const page: SortedPage = { offset: 0, limit: 10, sortBy, direction };
    const lists = {
      services: () => services.listByProject(projectId, {}, page),
      public: () => services.listOpenToEveryone({}, page),
      permissions: () => services.listPermissions(serviceId, "", page),
      endpoints: () => endpoints.searchByProject(projectId, {}, page),
      connections: () => endpoints.searchByService(serviceId, {}, page),
      accepted: () => endpoints.searchByService(serviceId, { status: "accepted" }, page),
      ofAVpc: () => endpoints.searchByProject(projectId, { vpcId }, page),
    };
    for (const [name, list] of Object.entries(lists)) {
      const { items, total } = await list();
      expect([name, items.length]).toEqual([name, 10]);
      expect(total).toBeGreaterThanOrEqual(1000);
      const [slice = "", count = ""] = plans();
      expect([name, slice]).toEqual([name, expect.stringMatching(/^SEARCH \w+ USING INDEX/)]);
      // Rows of one age are put in order among themselves at most: no list is sorted as a whole.
      expect([name, slice]).toEqual([name, expect.not.stringMatching(/TEMP B-TREE FOR ORDER BY|SCAN/)]);
      expect([name, count]).toEqual([name, expect.stringMatching(/^SEARCH \w+ USING (?:COVERING )?INDEX/)]);
    }
  },
);
