import { describe, expect, test } from "vitest";
import type { EndpointId, PermissionId } from "../ids.ts";
import { quotas } from "../quotas.ts";
import { hexId, uuid } from "../test-fixtures.ts";
import { whitelistLimit } from "../whitelist.ts";
import type { ImportFacts } from "./facts.ts";
import type { Listing } from "./listing.ts";
import { ObstacleError, type Obstacle } from "./obstacle.ts";
import { planImport } from "./plan-import.ts";
import {
  aConsumerProject,
  aListedConnection,
  aListedPermission,
  aListing,
  aNetwork,
  consumer,
  owner,
  someFacts,
} from "./test-listing.ts";

/** Returns what stands in the way. */
function obstaclesOf(...[listing, facts = someFacts(), createMissing = false]: Input): readonly Obstacle[] {
  try {
    planImport(listing, facts, createMissing);
    return [];
  } catch (error) {
    if (error instanceof ObstacleError) return error.obstacles;
    throw error;
  }
}

type Input = [Parameters<typeof planImport>[0], Parameters<typeof planImport>[1]?, boolean?];

const one = (wish: Parameters<typeof aListedConnection>[0]) =>
  aListing({ connections: [aListedConnection(wish)] });

test("a listing that fits is planned as it is", () => {
  const plan = planImport(aListing(), someFacts(), false);
  expect(plan).toMatchObject({
    service: {
      id: uuid(300),
      name: `cn-north-4.css-logs.${uuid(300)}`,
      updateSwitch: false,
      approvalEnabled: false,
      dnsEnabled: false,
      professional: false,
    },
    permissions: [
      {
        id: uuid(201),
        permission: `iam:domain::${consumer}`,
        permissionType: "domainId",
        createdAt: Date.UTC(2023, 9, 12, 7, 33, 11),
      },
    ],
    accounts: [],
    networks: [],
    connections: [
      {
        id: uuid(101),
        accountId: consumer,
        address: "192.168.0.122",
        approval: "accepted",
        maxSession: 3000,
        specificationName: "default",
        dnsEnabled: false,
        createdAt: Date.UTC(2024, 5, 11, 9, 36, 24),
        updatedAt: null,
        network: { subnet: { id: uuid(400) } },
      },
      { id: uuid(102), address: "192.168.0.133" },
    ],
  });
  expect(plan.notes).toEqual([expect.stringContaining("2 connections are in networks that no gateway")]);
});

test.each([
  ["rejected", { approval: "rejected" }, false],
  ["pendingAcceptance", { approval: "pending" }, true],
])("%s stays so", (status, expected, approvalEnabled) => {
  const plan = planImport(one({ status, updatedAt: "2024-07-01T00:00:00Z" }), someFacts(), false);
  expect(plan.connections).toMatchObject([{ ...expected, updatedAt: Date.UTC(2024, 6, 1) }]);
  expect(plan.service.approvalEnabled).toBe(approvalEnabled);
});

test.each([
  ["3000", "default", false],
  ["1", "small", false],
  ["3001", "large", true],
  ["1000000", "professional", true],
  ["7", "professional", true],
])("%s sessions of a %s endpoint: the service is professional: %s", (maxSession, name, expected) => {
  const plan = planImport(one({ maxSession, specificationName: name }), someFacts(), false);
  expect(plan.connections).toMatchObject([{ maxSession: Number(maxSession), specificationName: name }]);
  expect(plan.service.professional).toBe(expected);
});

test("the private name that this installation gives is taken over", () => {
  const dnsName = `vpcep-${uuid(101)}.region-1.postern.internal`;
  const plan = planImport(one({ dnsName }), someFacts(), false);
  expect(plan).toMatchObject({ service: { dnsEnabled: true }, connections: [{ dnsEnabled: true }] });
});

describe("an obstacle is", () => {
  test.each([
    [{ id: "no-uuid" }, "no UUID"],
    [{ id: uuid(0xabc).toUpperCase() }, "no UUID"],
    [{ status: "creating" }, "status is creating"],
    [{ status: "constructor" }, "status is constructor"],
    [{ maxSession: "0" }, "from 1 to 3000"],
    [{ maxSession: "3001" }, "from 1 to 3000"],
    [{ maxSession: "03000" }, "from 1 to 3000"],
    [{ maxSession: "1e3" }, "from 1 to 3000"],
    [{ maxSession: "1000001", specificationName: "professional" }, "from 1 to 1000000"],
    [{ accountId: "iam::x" }, "no account id"],
    [{ address: null }, "no IPv4 address"],
    [{ address: "192.168.0.01" }, "no IPv4 address"],
    [{ address: "192.168.0.1/24" }, "no IPv4 address"],
    [{ createdAt: "2024-02-30T00:00:00Z" }, "created_at"],
    [{ createdAt: "2024-06-11T09:36:24.5Z" }, "created_at"],
    [{ createdAt: "2024-06-11T09:36:24+08:00" }, "created_at"],
    [{ createdAt: "yesterday" }, "created_at"],
    [{ updatedAt: "" }, "update_at"],
    [{ ipv6Address: "fd00::1" }, "IPv6"],
    [{ dnsName: "vpcep.huawei" }, "vpcep.huawei; this installation would give it vpcep-"],
    [{ otherFields: ["a", "b"] }, "does not keep: a, b"],
  ])("a connection with %j", (wish, reason) => {
    const obstacles = obstaclesOf(one(wish));
    expect(obstacles).toEqual([
      {
        connection: "id" in wish ? wish.id : uuid(101),
        reason: expect.stringContaining(reason),
        fix: expect.any(String),
      },
    ]);
  });

  test("an id that comes twice, or that an endpoint has", () => {
    const twice = aListing({
      connections: [aListedConnection(), aListedConnection({ address: "192.168.0.5" })],
    });
    expect(obstaclesOf(twice)).toMatchObject([
      { connection: uuid(101), reason: expect.stringContaining("Several connections") },
      { connection: uuid(101) },
    ]);
    const takenEndpoints = new Set([uuid(102) as EndpointId]);
    expect(obstaclesOf(aListing(), someFacts({ takenEndpoints }))).toEqual([
      {
        connection: uuid(102),
        reason: "An endpoint with this id exists here already.",
        fix: `Delete it first: postern endpoint delete ${uuid(102)}`,
      },
    ]);
  });

  test.each([
    [{ id: "x" }, "no UUID"],
    [{ permission: consumer }, "no whitelist entry"],
    [{ permission: "iam:domain::a b" }, "no whitelist entry"],
    [{ permissionType: "orgPath" }, "no whitelist entry"],
    [{ permissionType: "other" }, "no whitelist entry"],
    [{ createdAt: "" }, "created_at"],
    [{ otherFields: ["dsc"] }, "does not keep: dsc"],
  ])("a permission with %j", (wish, reason) => {
    expect(obstaclesOf(aListing({ permissions: [aListedPermission(wish)] }))).toEqual([
      {
        permission: "id" in wish ? wish.id : uuid(201),
        reason: expect.stringContaining(reason),
        fix: expect.any(String),
      },
    ]);
  });

  test("a permission that comes twice by id or text, or whose id another service has", () => {
    const other = aListedPermission({ permission: "*" });
    expect(obstaclesOf(aListing({ permissions: [aListedPermission(), other] }))).toHaveLength(2);
    const same = aListedPermission({ id: uuid(202) });
    expect(obstaclesOf(aListing({ permissions: [aListedPermission(), same] }))).toMatchObject([
      { permission: uuid(202), reason: expect.stringContaining("twice") },
    ]);
    const takenPermissions = new Set([uuid(201) as PermissionId]);
    expect(obstaclesOf(aListing(), someFacts({ takenPermissions }))).toMatchObject([
      { permission: uuid(201), reason: expect.stringContaining("Another service") },
    ]);
  });

  const fullWhitelist = Array.from({ length: whitelistLimit + 1 }, (_, index) =>
    aListedPermission({ id: uuid(1_000 + index), permission: `iam:domain::a${index}` }),
  );
  test.each([
    [aListing({ serviceName: "logs" }), {}, "not of the form"],
    [aListing({ serviceName: `r.l.${uuid(0xabc).toUpperCase()}` }), {}, "not of the form"],
    [aListing({ serviceName: `r.a.b.${uuid(1)}` }), {}, "not of the form"],
    [aListing({ otherFields: ["more"] }), {}, "does not keep: more"],
    [aListing({ totalCount: 3 }), {}, "it has 2 of 3 connections"],
    [aListing({ totalCount: 1 }), {}, "says that it has 1 connections, and has 2"],
    [aListing({ permissions: fullWhitelist }), {}, `holds ${whitelistLimit} entries`],
    [aListing(), { isServiceTaken: true }, "exists here already, at another cluster"],
    [aListing(), { present: { isEnabled: true, connections: 0 } }, "which is open"],
    [aListing(), { present: { isEnabled: false, connections: 1 } }, "closed endpoint service with 1"],
    [aListing(), { services: quotas.services }, "which is its quota"],
  ])("of the service, %#", (listing, wish, reason) => {
    expect(obstaclesOf(listing, someFacts(wish))).toEqual([
      { service: listing.serviceName, reason: expect.stringContaining(reason), fix: expect.any(String) },
    ]);
  });

  test("none where the present service is closed and empty, whatever the quota; nor a name without a label", () => {
    const present = { isEnabled: false, connections: 0 };
    expect(obstaclesOf(aListing(), someFacts({ present, services: quotas.services }))).toEqual([]);
    expect(obstaclesOf(aListing({ serviceName: `region-1.${uuid(1)}` }))).toEqual([]);
  });
});

function factsWith(...networks: ReturnType<typeof aNetwork>[]): ImportFacts {
  return someFacts({ consumers: new Map([[consumer, [aConsumerProject({ networks })]]]) });
}

describe("a network", () => {
  const cidr = "192.168.0.0/24";
  const same = aListing({
    connections: [aListedConnection(), aListedConnection({ id: uuid(102) })],
  });

  test("that is missing is an obstacle with the command that makes it", () => {
    expect(obstaclesOf(one({}), factsWith())).toEqual([
      {
        connection: uuid(101),
        reason: `No network of account ${consumer} has the address 192.168.0.122.`,
        fix:
          `As account ${consumer}: postern vpc create imported-${cidr.replace("/", "-")} --cidr ${cidr} ` +
          "--attachment none (or import as an operator with --create-missing)",
      },
    ]);
    const facts = someFacts({ consumers: new Map([[owner, [aConsumerProject({ networks: [] })]]]) });
    expect(obstaclesOf(one({ accountId: owner }), facts)).toMatchObject([
      { fix: `postern vpc create imported-192.168.0.0-24 --cidr ${cidr} --attachment none` },
    ]);
  });

  test("takes an address that no endpoint has; the second of two is another's", () => {
    expect(obstaclesOf(one({}), factsWith(aNetwork(cidr, ["192.168.0.122"])))).toMatchObject([
      { reason: expect.stringContaining("an endpoint that exists already has the address 192.168.0.122") },
    ]);
    expect(obstaclesOf(same)).toMatchObject([
      { connection: uuid(102), reason: expect.stringContaining(`connection ${uuid(101)} of the listing`) },
    ]);
    const [first, second] = [aNetwork("192.168.0.0/16"), aNetwork(cidr)];
    expect(planImport(same, factsWith(first, second), false).connections).toMatchObject([
      { network: { subnet: { cidr: "192.168.0.0/16" } } },
      { network: { subnet: { cidr } } },
    ]);
    // Not even making networks helps there: the address is another endpoint's.
    expect(obstaclesOf(one({}), factsWith(aNetwork(cidr, ["192.168.0.122"])), true)).toHaveLength(1);
  });

  test.each(["192.168.0.0", "192.168.0.255"])("has no host %s", (address) => {
    expect(obstaclesOf(one({ address }))).toMatchObject([{ reason: expect.stringContaining("No network") }]);
  });

  test("is made where that is wished, one for all the addresses in it, by a name that is free", () => {
    const networkNames = new Set(["imported-192.168.0.0-24"]);
    const project = aConsumerProject({ networks: [], networkNames });
    const facts = someFacts({ consumers: new Map([[consumer, [project]]]) });
    const plan = planImport(aListing(), facts, true);
    expect(plan.networks).toEqual([
      {
        accountId: consumer,
        projectId: project.id,
        name: "imported-192.168.0.0-24-2",
        prefix: aNetwork(cidr).prefix,
      },
    ]);
    expect(plan.connections.map(({ network }) => network)).toEqual([plan.networks[0], plan.networks[0]]);
    expect(plan.accounts).toEqual([]);
  });

  test.each([
    ["10.0.1.0", "10.0.0.0", 23],
    ["10.0.0.255", "10.0.0.0", 23],
    ["100.64.7.9", "100.64.7.0", 24],
  ])("around %s begins at %s", (address, first, length) => {
    const [network] = planImport(one({ address }), factsWith(), true).networks;
    expect(network?.prefix).toEqual(aNetwork(`${first}/${length}`).prefix);
  });

  test.each(["8.8.8.8", "10.0.0.0", "192.168.255.255"])("is not made for %s", (address) => {
    expect(obstaclesOf(one({ address }), factsWith(), true)).toMatchObject([
      { reason: expect.stringContaining("no private address") },
    ]);
  });

  test("of a project that is full takes no more", () => {
    const project = aConsumerProject({ endpoints: quotas.endpoints - 1 });
    const facts = someFacts({ consumers: new Map([[consumer, [project]]]) });
    expect(obstaclesOf(aListing(), facts)).toMatchObject([
      { connection: uuid(102), reason: expect.stringContaining(`its quota is ${quotas.endpoints}`) },
    ]);
  });
});

describe("an account", () => {
  const nobody = someFacts({ consumers: new Map() });

  test("that is missing is an obstacle for each of its connections", () => {
    expect(obstaclesOf(aListing(), nobody)).toMatchObject([
      {
        connection: uuid(101),
        reason: `There is no account ${consumer} here.`,
        fix: expect.stringContaining("postern import logs FILE --create-missing"),
      },
      { connection: uuid(102) },
    ]);
  });

  test("is made once where that is wished, with a network of its own", () => {
    const second = aListedConnection({ id: uuid(103), accountId: hexId(8) });
    const plan = planImport(aListing({ connections: [...aListing().connections, second] }), nobody, true);
    expect(plan.accounts).toEqual([
      { id: consumer, name: `imported-${consumer}` },
      { id: hexId(8), name: `imported-${hexId(8)}` },
    ]);
    expect(plan.networks).toMatchObject([
      { accountId: consumer, projectId: null, name: "imported-192.168.0.0-24" },
      { accountId: hexId(8), projectId: null, name: "imported-192.168.0.0-24" },
    ]);
  });

  const importer = { accountId: owner, isOperator: false };

  test("besides one's own is an operator's business, and whether it exists is not said", () => {
    for (const consumers of [new Map(), someFacts().consumers]) {
      expect(obstaclesOf(one({}), someFacts({ importer, consumers }))).toEqual([
        {
          connection: uuid(101),
          reason: expect.stringContaining("Only an operator may import connections of other accounts."),
          fix: expect.any(String),
        },
      ]);
    }
  });

  test("making things is an operator's business, too", () => {
    const facts = someFacts({
      importer,
      consumers: new Map([[owner, [aConsumerProject({ networks: [] })]]]),
    });
    expect(obstaclesOf(one({ accountId: owner }), facts, true)).toMatchObject([
      { service: aListing().serviceName, reason: expect.stringContaining("Only an operator may make") },
      { connection: uuid(101), reason: expect.stringContaining("No network") },
    ]);
  });
});

test("every obstacle is told at once, up to a limit, and their number in any case", () => {
  const connections = Array.from({ length: 1_001 }, (_, index) => aListedConnection({ id: `bad-${index}` }));
  const attempt = (): unknown => planImport(aListing({ connections, totalCount: 5_000 }), someFacts(), false);
  expect(attempt).toThrow(/2002 obstacles are in the way\. Nothing was changed/);
  expect(obstaclesOf(aListing({ connections, totalCount: 5_000 }))).toHaveLength(1_000);
});

/** Returns what is noted besides that nothing is carried. */
function notesOf(listing: Listing): readonly string[] {
  return planImport(listing, someFacts(), false).notes.filter((note) => !note.includes("no gateway"));
}

describe("a note says", () => {
  test.each([
    ["that nulls are left out", one({ hasNull: true }), "null in the listing"],
    ["that times get a zone", one({ createdAt: "2024-06-11T09:36:24" }), "come back with a Z"],
    ["that times of an update get a zone", one({ updatedAt: "2024-06-11T09:36:24" }), "come back with a Z"],
    [
      "that connections are sorted",
      aListing({ connections: aListing().connections.toReversed() }),
      "newest first",
    ],
    [
      "that the whitelist is sorted",
      aListing({
        permissions: [
          aListedPermission(),
          aListedPermission({ id: uuid(202), permission: "*", createdAt: "2022-01-01T00:00:00Z" }),
        ],
      }),
      "oldest first",
    ],
    [
      "who is accepted without being whitelisted",
      aListing({ permissions: [] }),
      "2 connections are accepted although",
    ],
  ])("%s", (_, listing, text) => {
    expect(notesOf(listing)).toEqual([expect.stringContaining(text)]);
  });

  test("nothing where there is nothing to say", () => {
    expect(notesOf(aListing())).toEqual([]);
    expect(notesOf(one({ status: "rejected" }))).toEqual([]);
    const loopback = aNetwork("192.168.0.0/24", [], { attachment: { kind: "loopback" } });
    const consumers = new Map([[consumer, [aConsumerProject({ networks: [loopback] })]]]);
    expect(planImport(aListing(), someFacts({ consumers }), false).notes).toEqual([]);
  });
});
