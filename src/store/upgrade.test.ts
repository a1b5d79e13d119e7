import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import {
  accountId,
  aCluster,
  anAccount,
  anEndpoint,
  aProject,
  aService,
  aSubnet,
  aUser,
  aVpc,
  clusterId,
  endpointId,
  gatewayId,
  projectId,
  serviceId,
  subnetId,
  userId,
  vpcId,
} from "../domain/test-fixtures.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { migrations } from "./migrations.ts";
import { openTestStore } from "./test-store.ts";

const createdAt = anAccount().createdAt;

/** Rows of the tables as version 1 had them: one of everything. Later versions add columns, and have their defaults. */
const rows: Readonly<Record<string, Readonly<Record<string, string | number | null>>>> = {
  installation: { key: "region", value: "region-1" },
  audit_event: { seq: 1, revision: 7, at: 1, actor: userId, action: "startVpcep", resource: "cluster/c" },
  account: { id: accountId, name: "owner", created_at: createdAt },
  project: { id: projectId, account_id: accountId, name: "region-1", created_at: createdAt },
  user: {
    id: userId,
    account_id: accountId,
    name: "admin",
    password_hash: "x",
    is_operator: 1,
    created_at: createdAt,
  },
  access_key: { id: "AK", user_id: userId, sealed_secret: "s", created_at: createdAt },
  token: {
    hash: "for ever",
    user_id: userId,
    project_id: projectId,
    expires_at: null,
    created_at: createdAt,
  },
  vpc: {
    id: vpcId,
    project_id: projectId,
    name: "default",
    cidr: "127.80.0.0/20",
    attachment: "loopback",
    created_at: createdAt,
  },
  subnet: {
    id: subnetId,
    vpc_id: vpcId,
    project_id: projectId,
    name: "default",
    cidr: "127.80.0.0/20",
    created_at: createdAt,
  },
  cluster: {
    id: clusterId,
    project_id: projectId,
    name: "logs",
    state: "registered",
    engine: "opensearch",
    engine_version: "2.19.0",
    nodes: JSON.stringify(aCluster().nodes),
    scheme: "http",
    insecure_skip_verify: 0,
    client_port: 9200,
    vpc_id: vpcId,
    subnet_id: subnetId,
    version: 1,
    created_at: createdAt,
    updated_at: createdAt,
  },
  endpoint_service: {
    id: serviceId,
    cluster_id: clusterId,
    project_id: projectId,
    name: aService().name,
    enabled: 1,
    approval_enabled: 0,
    dns_enabled: 0,
    professional: 0,
    reconcile_connections: 1,
    created_at: createdAt,
    updated_at: createdAt,
  },
  permission: {
    id: "p1",
    service_id: serviceId,
    permission: "*",
    permission_type: "domainId",
    created_at: createdAt,
  },
  endpoint: {
    id: endpointId,
    service_id: serviceId,
    project_id: projectId,
    account_id: accountId,
    vpc_id: vpcId,
    subnet_id: subnetId,
    address: "127.80.0.2",
    phase: "ready",
    approval: "accepted",
    max_session: 3000,
    specification_name: "default",
    dns_enabled: 0,
    description: "",
    created_revision: 1,
    created_at: createdAt,
  },
  gateway: { id: gatewayId, name: "local", token_hash: "h", last_seen_at: null },
};

/** Columns that a later version made without a default, with the version that did. */
const laterColumns: Readonly<Record<string, readonly [number, Readonly<Record<string, string | number>>]>> = {
  endpoint_service: [6, { origin: "css", ports: "[]", description: "", tags: "[]", update_switch: 1 }],
};

/** Makes a file as the Postern of an earlier schema version left it. */
function writeOldFile(version: number): string {
  const file = join(testDirectory(), "postern.db");
  const database = new DatabaseSync(file);
  for (const { sql } of migrations.slice(0, version)) database.exec(sql);
  database.exec(`pragma user_version = ${version}; update revision set value = 7`);
  for (const [table, first] of Object.entries(rows)) {
    const [since, later] = laterColumns[table] ?? [Infinity, {}];
    const row = version >= since ? { ...first, ...later } : first;
    const columns = Object.keys(row);
    const places = columns.map(() => "?").join(", ");
    database
      .prepare(`insert into "${table}" (${columns.join(", ")}) values (${places})`)
      .run(...Object.values(row));
  }
  database
    .prepare(
      "insert into token (hash, user_id, project_id, expires_at, created_at) values ('a day', ?, ?, 9, 1)",
    )
    .run(userId, projectId);
  database.close();
  return file;
}

test.each(migrations.map(({ name }, index) => [index + 1, name] as const))(
  "a filled file of schema version %i (%s) reads through the present code",
  async (version) => {
    const file = writeOldFile(version);
    const store = await openTestStore(file);
    const { identity, networks, services, gateways } = store;

    expect(store.revision).toBe(7);
    expect(await store.setting("region")).toBe("region-1");
    expect(await identity.account(accountId)).toEqual(anAccount());
    expect(await identity.projects(accountId)).toEqual([aProject()]);
    expect(await identity.users(accountId)).toEqual([aUser()]);
    const key = { id: "AK", userId, sealedSecret: "s", securityToken: null, createdAt };
    expect(await identity.accessKeys(userId)).toEqual([key]);
    const token = { hash: "for ever", userId, projectId, expiresAt: null, createdAt };
    expect(await identity.tokenByHash("for ever")).toMatchObject(token);
    expect(await networks.loopbackVpcs()).toMatchObject([aVpc()]);
    expect(await networks.subnets(vpcId)).toMatchObject([aSubnet()]);
    expect(await services.permissions(serviceId)).toMatchObject([{ id: "p1", permission: "*" }]);
    const gateway = { id: gatewayId, name: "local", tokenHash: "h", lastSeenAt: null };
    expect(await gateways.find(gatewayId)).toMatchObject(gateway);
    const state = await store.desiredState();
    const { markerId, ...endpoint } = anEndpoint();
    expect(state.clusters).toMatchObject([aCluster()]);
    expect(state.services).toMatchObject([aService()]);
    expect(state.endpoints).toMatchObject([endpoint]);
    // Numbered where the version had no numbers yet; 0 is what the column is filled with.
    expect(state.endpoints[0]?.markerId).toBe(version < 2 ? markerId : 0);

    await store.close();
    const database = new DatabaseSync(file, { readOnly: true });
    expect(database.prepare("pragma user_version").get()).toEqual({ user_version: migrations.length });
    expect(database.prepare("pragma foreign_key_check").all()).toEqual([]);
    expect(database.prepare("select action, revision from audit_event").all()).toEqual([
      { action: "startVpcep", revision: 7 },
    ]);
    database.close();
  },
);

test("a token that expires had come from a password; one that does not was handed out", async () => {
  const { identity } = await openTestStore(writeOldFile(1));
  expect((await identity.tokenByHash("a day"))?.methods).toEqual(["password"]);
  expect((await identity.tokenByHash("for ever"))?.methods).toEqual([]);
});

test("what the present code writes into an old file is what it reads", async () => {
  const store = await openTestStore(writeOldFile(1));
  const changed = aUser({ role: "reader", actions: ["css:*"] });
  const audit = { actor: userId, action: "updateUser", resource: `user/${userId}` };
  const { revision } = await store.write(audit, (tx) => tx.identity.updateUser(changed));
  expect(revision).toBe(8);
  expect(await store.identity.user(userId)).toEqual(changed);
  expect(await store.endpoints.find(endpointId)).toMatchObject({ address: "127.80.0.2" });
});
