import { expect, test } from "vitest";
import type { AuditedKind, AuditedRow, RowChange } from "./audit.ts";
import { eventsOf, servicesOf, type NewEvent, type ServiceFacts } from "./events.ts";
import type { ProjectId } from "./ids.ts";
import { accountId, clusterId, endpointId, hexId, projectId, serviceId, uuid } from "./test-fixtures.ts";

const consumer = hexId(99) as ProjectId;
const service: ServiceFacts = {
  id: serviceId,
  projectId,
  clusterId,
  name: "logs",
  consumers: [consumer, projectId],
};

function change(
  kind: AuditedKind,
  id: string,
  before: AuditedRow | null,
  after: AuditedRow | null,
): RowChange {
  return { number: 1, kind, id, projectId: null, ownerProjectId: null, accountId: null, before, after };
}

function endpointRow(wish: AuditedRow = {}, project: ProjectId = consumer): AuditedRow {
  const ids = { service_id: serviceId, project_id: project, account_id: accountId, marker_id: 7 };
  return { ...ids, address: "127.80.0.2", phase: "ready", approval: "accepted", rejected_by: null, ...wish };
}

function entry(permission: string): AuditedRow {
  return { service_id: serviceId, permission };
}

function told(...changes: readonly RowChange[]): readonly NewEvent[] {
  return eventsOf(changes, (id) => (id === serviceId ? service : undefined));
}

function kindsOf(events: readonly NewEvent[], project: ProjectId): readonly string[] {
  return events.filter((event) => event.projectId === project).map(({ kind }) => kind);
}

test.each([
  [null, { phase: "creating", approval: "pending" }, ["endpoint.created", "connection.pending"]],
  [null, { phase: "creating" }, ["endpoint.created", "connection.accepted"]],
  [{ approval: "pending" }, {}, ["connection.accepted"]],
  [{}, { approval: "rejected", rejected_by: "owner" }, ["connection.rejected"]],
  [{ approval: "rejected" }, { approval: "pending" }, ["connection.pending"]],
  [{ phase: "creating" }, {}, ["endpoint.ready"]],
  [{}, { phase: "failed", failure_code: "port_taken" }, ["endpoint.failed"]],
  [{}, { phase: "creating" }, []],
  [{}, { max_session: 5 }, []],
  [{}, null, ["endpoint.deleted"]],
] as const)("of an endpoint that was %j and is %j both sides hear %j", (before, after, kinds) => {
  const events = told(
    change("endpoint", endpointId, before && endpointRow(before), after && endpointRow(after)),
  );
  expect(kindsOf(events, projectId)).toEqual(kinds);
  expect(kindsOf(events, consumer)).toEqual(kinds);
  expect(events.every(({ resource }) => resource === `endpoint/${endpointId}`)).toBe(true);
});

test("the owner alone hears which cluster it is, and says who rejected", () => {
  const rejected = endpointRow({ approval: "rejected", rejected_by: "whitelist" });
  const shared = {
    endpoint_id: endpointId,
    marker_id: 7,
    account_id: accountId,
    service_id: serviceId,
    service_name: "logs",
    rejected_by: "whitelist",
  };
  expect(told(change("endpoint", endpointId, endpointRow(), rejected)).map(({ data }) => data)).toEqual([
    { ...shared, cluster_id: clusterId },
    shared,
  ]);
});

test("an endpoint of the owner's own is told of once", () => {
  const own = endpointRow({}, projectId);
  expect(told(change("endpoint", endpointId, own, null))).toHaveLength(1);
});

test("a new endpoint tells its address", () => {
  const [created] = told(change("endpoint", endpointId, null, endpointRow()));
  expect(created?.data).toMatchObject({ address: "127.80.0.2" });
});

test.each([
  [null, { enabled: true }, ["service.opened"]],
  [null, { enabled: false }, []],
  [{ enabled: false }, { enabled: true }, ["service.opened"]],
  [{ enabled: true }, { enabled: false }, ["service.closed"]],
  [{ enabled: true }, null, ["service.closed"]],
  [{ enabled: false }, null, []],
  [{ enabled: true }, { enabled: true, description: "x" }, []],
])("of a service that was %j and is %j its owner and consumers hear %j", (before, after, kinds) => {
  const events = told(change("service", serviceId, before, after));
  expect(kindsOf(events, projectId)).toEqual(kinds);
  expect(kindsOf(events, consumer)).toEqual(kinds);
});

test("a whitelist that is replaced is one event, for the owner, of what came and went", () => {
  const events = told(
    change("permission", uuid(1), entry("a"), null),
    change("permission", uuid(2), entry("b"), null),
    change("permission", uuid(3), null, entry("b")),
    change("permission", uuid(4), null, entry("c")),
  );
  expect(events).toMatchObject([
    {
      projectId,
      kind: "whitelist.changed",
      resource: `service/${serviceId}`,
      data: { added: ["c"], removed: ["a"] },
    },
  ]);
});

test("a whitelist that is as before, described anew, or gone with its service, is no news", () => {
  const one = entry("a");
  const same = told(change("permission", uuid(1), one, null), change("permission", uuid(2), null, one));
  const described = told(change("permission", uuid(1), one, { ...one, description: "x" }));
  const gone = told(
    change("permission", uuid(1), one, null),
    change("service", serviceId, { enabled: false }, null),
  );
  expect([same, described, gone]).toEqual([[], [], []]);
});

test("nothing is told of services that are not known, nor of other kinds", () => {
  const elsewhere = endpointRow({ service_id: uuid(77) });
  expect(told(change("endpoint", endpointId, null, elsewhere), change("vpc", uuid(1), null, {}))).toEqual([]);
});

test("the services that have to be known are those of endpoints and permissions, and those that changed", () => {
  const changes = [
    change("endpoint", endpointId, endpointRow(), null),
    change("permission", uuid(1), null, { service_id: uuid(8) }),
    change("service", uuid(9), null, {}),
    change("service", serviceId, {}, {}),
    change("user", hexId(1), null, {}),
  ];
  expect(servicesOf(changes)).toEqual([serviceId, uuid(8), uuid(9)]);
});
