import { describe, expect, test } from "vitest";
import type { ProjectId, SubnetId, VpcId } from "../../domain/ids.ts";
import { hexId, uuid } from "../../domain/test-fixtures.ts";
import {
  refusal,
  startTestServer,
  type Answer,
  type Json,
  type Tenant,
  type TestCluster,
} from "../test-server.ts";

const account = hexId(0xdb9b);
const first = uuid(0xf1);
const second = uuid(0xf2);

const connection = {
  id: first,
  status: "accepted",
  maxSession: "3000",
  specificationName: "default",
  vpcepIp: "192.168.0.122",
  created_at: "2024-06-11T09:36:24Z",
  domain_id: account,
};
const older = { ...connection, id: second, vpcepIp: "192.168.0.133", created_at: "2023-10-12T07:33:16Z" };
const listing = {
  connections: [connection, { ...older, status: "rejected", update_at: "2024-01-01T00:00:00Z" }],
  vpcepUpdateSwitch: false,
  total_count: 2,
  vpcServiceName: `cn-north-4.css-logs.${uuid(0xf3)}`,
  permissions: [
    {
      id: uuid(0xf4),
      permission: `iam:domain::${account}`,
      permission_type: "domainId",
      created_at: "2023-10-12T07:33:11Z",
    },
  ],
};

async function register(isOperator = true): Promise<TestCluster> {
  const owner = await (await startTestServer()).tenant("owner", isOperator);
  return owner.register("logs");
}

function importInto(cluster: TestCluster, body: Json, headers: Record<string, string> = {}): Promise<Answer> {
  return cluster.owner.call("POST", `/postern/v1/{p}/clusters/${cluster.id}/import`, body, headers);
}

const everything = { listing, create_missing: true };

/** Returns the listing with every connection the tenant's own, in a network of his. */
async function ownListing(owner: Tenant): Promise<typeof listing> {
  const network = { name: "cloud", cidr: "192.168.0.0/24", attachment: { kind: "none" } };
  expect((await owner.call("POST", "/postern/v1/{p}/vpcs", network)).status).toBe(200);
  const connections = listing.connections.map((one) => ({ ...one, domain_id: owner.accountId as string }));
  return { ...listing, connections };
}

describe("with everything that is missing made", () => {
  test("the listing comes back as it is, and the answer says what was made", async () => {
    const cluster = await register();
    const answer = await importInto(cluster, everything);
    const { projectId, server } = cluster.owner;
    const [imported, ...none] = await server.store.identity.projects(
      account as typeof cluster.owner.accountId,
    );
    expect(none).toEqual([]);
    expect(imported).toMatchObject({ name: "region-1" });
    expect(imported?.id).not.toBe(projectId);
    const place = { account_id: account, project_id: imported?.id, vpc_id: expect.any(String) };
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        service: { id: uuid(0xf3), name: listing.vpcServiceName },
        connections: [
          { id: first, status: "accepted", ip: "192.168.0.122", ...place },
          { id: second, status: "rejected", ip: "192.168.0.133", ...place },
        ],
        permissions: [{ id: uuid(0xf4), permission: `iam:domain::${account}` }],
        accounts_made: [{ id: account, name: `imported-${account}`, project_id: imported?.id }],
        networks_made: [
          {
            id: expect.any(String),
            name: "imported-192.168.0.0-24",
            cidr: "192.168.0.0/24",
            project_id: imported?.id,
          },
        ],
        notes: [expect.stringContaining("no gateway is attached")],
      },
    ]);
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true", etag: await cluster.etag() });
    expect(await cluster.connections()).toEqual(listing);
    const vpcs = await server.store.networks.vpcs(imported?.id ?? projectId, { offset: 0, limit: 10 });
    expect(vpcs.items).toMatchObject([{ cidr: "192.168.0.0/24", attachment: { kind: "none" } }]);
    const { endpoints, services } = await server.store.desiredState();
    expect(new Set(endpoints.map(({ markerId }) => markerId)).size).toBe(2);
    expect(endpoints.find(({ id }) => id === second)).toMatchObject({ rejectedBy: "owner" });
    expect(services).toMatchObject([{ origin: "css", enabled: true, reconcileConnections: true }]);
  });

  test("a name of a new account that another one has is a conflict, and nothing is changed", async () => {
    const cluster = await register();
    await cluster.owner.server.tenant(`imported-${account}`);
    const { revision } = cluster.owner.server.store;
    expect(refusal(await importInto(cluster, everything))).toBe("409 EndPoint.3006");
    expect(cluster.owner.server.store.revision).toBe(revision);
  });

  test("closed and empty, the service is there no more for the next import", async () => {
    const cluster = await register();
    await importInto(cluster, everything);
    await cluster.owner.server.store.observe(async (tx) => {
      for (const { id } of (await tx.desiredState()).endpoints) await tx.endpoints.delete(id);
    });
    await cluster.call("PUT", "/vpcepservice/close");
    const renamed = { ...listing, vpcepUpdateSwitch: true, vpcServiceName: `x.y.${uuid(0xf5)}` };
    expect((await importInto(cluster, { listing: renamed })).status).toBe(200);
    expect(await cluster.connections()).toEqual(renamed);
  });

  test("the switch is on again once the service was opened again", async () => {
    const cluster = await register();
    await importInto(cluster, everything);
    await cluster.call("PUT", "/vpcepservice/close");
    await cluster.call("POST", "/vpcepservice/open", {});
    const { connections, ...rest } = await cluster.connections();
    expect(rest).toEqual({
      ...rest,
      vpcepUpdateSwitch: true,
      vpcServiceName: listing.vpcServiceName,
      permissions: listing.permissions,
    });
    expect(connections.slice(1)).toEqual(listing.connections);
  });
});

test("an obstacle names its connection, and nothing is changed", async () => {
  const cluster = await register();
  const { revision } = cluster.owner.server.store;
  const answer = await importInto(cluster, { listing });
  expect(refusal(answer)).toBe("400 CSS.5090");
  expect(answer.body["obstacles"]).toEqual([
    {
      connection: first,
      reason: `There is no account ${account} here.`,
      fix: expect.stringContaining("postern import logs FILE --create-missing"),
    },
    expect.objectContaining({ connection: second }),
  ]);
  expect(cluster.owner.server.store.revision).toBe(revision);
  expect(refusal(await cluster.call("GET", "/vpcepservice/connections"))).toBe("400 CSS.5182");
});

test("a dry run says which endpoints there would be, and changes nothing", async () => {
  const cluster = await register();
  const before = await cluster.owner.server.store.desiredState();
  const { status, body } = await importInto(cluster, everything, { "x-postern-dry-run": "true" });
  expect([status, body]).toMatchObject([
    200,
    {
      endpoints: [
        { id: first, effect: "created" },
        { id: second, effect: "created" },
      ],
      sessions_cut: 0,
    },
  ]);
  expect(await cluster.owner.server.store.desiredState()).toEqual(before);
  expect((await importInto(cluster, { listing }, { "x-postern-dry-run": "true" })).status).toBe(400);
});

test("If-Match protects what somebody else did in between", async () => {
  const cluster = await register();
  expect(refusal(await importInto(cluster, everything, { "if-match": '"7"' }))).toBe("412 CSS.5090");
  expect((await importInto(cluster, everything, { "if-match": await cluster.etag() })).status).toBe(200);
});

test("connections of a network that a gateway is attached to come up like any other", async () => {
  const cluster = await register();
  const { owner } = cluster;
  const network = { name: "edge", cidr: "127.9.0.0/24" };
  expect((await owner.call("POST", "/postern/v1/{p}/vpcs", network)).status).toBe(200);
  const one = { ...connection, domain_id: owner.accountId, vpcepIp: "127.9.0.1" };
  const answer = await importInto(cluster, { listing: { ...listing, connections: [one], total_count: 1 } });
  expect(answer.body).toMatchObject({ connections: [{ status: "accepted" }], networks_made: [], notes: [] });
  expect((await cluster.connections()).connections).toMatchObject([{ status: "creating" }]);
  await owner.server.attachAll();
  expect((await cluster.connections()).connections).toMatchObject([one]);
});

describe("ids that exist already", () => {
  test("are obstacles: of the service, of endpoints and of whitelist entries", async () => {
    const cluster = await register();
    await importInto(cluster, everything);
    const other = await cluster.owner.register("metrics");
    const renamed = { ...listing, vpcServiceName: `cn-north-4.other.${uuid(0xf3)}` };
    for (const again of [listing, renamed]) {
      const answer = await importInto(other, { listing: again, create_missing: true });
      expect(answer.body["obstacles"]).toMatchObject([
        { service: again.vpcServiceName },
        { permission: uuid(0xf4) },
        { connection: first, reason: expect.stringContaining("exists here already") },
        { connection: second },
        { connection: first, reason: expect.stringContaining("has the address 192.168.0.122") },
        { connection: second },
      ]);
    }
  });
});

/** Makes a second project with the network, and returns the listing with every connection the tenant's own. */
async function otherProject(owner: Tenant): Promise<typeof listing> {
  const { accountId, server } = owner;
  const id = uuid(0xf7) as VpcId;
  const projectId = hexId(0xf8) as ProjectId;
  const common = { projectId, name: "cloud", cidr: "192.168.0.0/24", cidr6: null, createdAt: 1 };
  const cursors = { poolCursor: null, pool6Cursor: null };
  await server.store.observe(async ({ identity, networks }) => {
    await identity.insertProject({ id: projectId, accountId, name: "second", createdAt: 1 });
    await networks.insertVpc({ ...common, id, attachment: { kind: "none" }, number: 9, dnsAddress: null });
    await networks.insertSubnet({ ...common, id: uuid(0xf9) as SubnetId, vpcId: id, ...cursors });
  });
  const connections = listing.connections.map((one) => ({ ...one, domain_id: accountId as string }));
  return { ...listing, connections };
}

test("an operator's own connections go to the first project with their network, the signed-in one before others", async () => {
  const cluster = await register();
  const own = await otherProject(cluster.owner);
  const attempt = (): Promise<Answer> =>
    importInto(cluster, { listing: own }, { "x-postern-dry-run": "true" });
  expect((await attempt()).status).toBe(200);
  await ownListing(cluster.owner);
  const { body } = await importInto(cluster, { listing: own });
  const here = { project_id: cluster.owner.projectId };
  expect(body["connections"]).toMatchObject([here, here]);
});

describe("somebody who is no operator", () => {
  test("imports connections of his own account into his own project", async () => {
    const cluster = await register(false);
    const own = await ownListing(cluster.owner);
    expect((await importInto(cluster, { listing: own })).status).toBe(200);
    expect(await cluster.connections()).toEqual(own);
  });

  test("reaches no other account, and no other project of his own", async () => {
    const cluster = await register(false);
    const { owner } = cluster;
    const stranger = await owner.server.tenant("stranger");
    const theirs = await ownListing(stranger);
    const answer = await importInto(cluster, { listing: theirs });
    expect(refusal(answer)).toBe("400 CSS.5090");
    expect(answer.text).toContain("Only an operator");
    const own = await otherProject(owner);
    const elsewhere = await importInto(cluster, { listing: own });
    expect(elsewhere.text).toContain("No network of account");
  });
});

function tooMany(item: object): object[] {
  return Array.from({ length: 1_001 }, () => item);
}

describe("refused as malformed:", () => {
  test.each([
    [{}, "CSS.5037", "listing"],
    [{ listing: {} }, "CSS.5037", "connections"],
    [{ listing: { ...listing, vpcepUpdateSwitch: "false" } }, "CSS.0001", "vpcepUpdateSwitch"],
    [{ listing: { ...listing, total_count: -1 } }, "CSS.5038", "total_count"],
    [{ listing: { ...listing, connections: tooMany(connection) } }, "CSS.5038", "1000"],
    [{ listing: { ...listing, permissions: tooMany({ ...listing.permissions[0] }) } }, "CSS.5038", "1000"],
    [{ listing: { ...listing, connections: [{ ...connection, id: "x".repeat(65) }] } }, "CSS.5038", "id"],
    [{ listing: { ...listing, connections: [{ ...connection, id: 7 }] } }, "CSS.0001", "id"],
    [
      { listing: { ...listing, connections: [{ ...connection, maxSession: 3000 }] } },
      "CSS.0001",
      "maxSession",
    ],
    [{ listing: { ...listing, vpcServiceName: "x".repeat(257) } }, "CSS.5038", "vpcServiceName"],
  ])("%#", async (body, code, hint) => {
    const cluster = await register();
    const answer = await importInto(cluster, body);
    expect(refusal(answer)).toBe(`400 ${code}`);
    expect(answer.body["error_msg"]).toContain(hint);
  });
});

test("fields that are null say nothing; others that are not published are obstacles", async () => {
  const cluster = await register();
  const own = await ownListing(cluster.owner);
  const nulls = { update_at: null, vpcepDnsName: null, vpcepIpv6Address: null, more: null };
  const [newest, ...others] = own.connections;
  const extra = { ...own, connections: [{ ...newest, ...nulls }, ...others], more: null };
  const foreign = { ...extra, permissions: [{ ...own.permissions[0], dsc: "x" }], page: 1 };
  const refused = await importInto(cluster, { listing: foreign });
  expect(refused.body["obstacles"]).toMatchObject([
    { service: listing.vpcServiceName, reason: expect.stringContaining("page") },
    { permission: uuid(0xf4), reason: expect.stringContaining("dsc") },
  ]);
  const answer = await importInto(cluster, { listing: extra });
  expect(answer.body["notes"]).toEqual([
    expect.stringContaining("no gateway"),
    expect.stringContaining("null in the listing"),
  ]);
  expect(await cluster.connections()).toEqual(own);
});
