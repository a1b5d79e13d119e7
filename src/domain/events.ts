import type { RowChange } from "./audit.ts";
import type { ClusterId, ProjectId, ServiceId } from "./ids.ts";
import type { Timestamp } from "./resources.ts";

/** Everything that a project can be told of. What each carries is in docs/events.md. */
export const eventKinds = [
  "connection.pending",
  "connection.accepted",
  "connection.rejected",
  "endpoint.created",
  "endpoint.ready",
  "endpoint.failed",
  "endpoint.deleted",
  "service.opened",
  "service.closed",
  "service.no_healthy_node",
  "service.healthy",
  "whitelist.changed",
  "node.down",
  "node.up",
  "cap.80",
  "cap.100",
  "sessions.severed",
  "pool.almost_empty",
  "gateway.silent",
  "gateway.back",
  "gateway.takeover",
] as const;
export type EventKind = (typeof eventKinds)[number];

/** Something that happened, before it has its place in the order of events. */
export interface NewEvent {
  /** Who is told. */
  readonly projectId: ProjectId;
  readonly kind: EventKind;
  /** Kind and id of what it happened to: `endpoint/…`. Events of one resource are delivered in their order. */
  readonly resource: string;
  /** Nothing that the project may not see. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface PosternEvent extends NewEvent {
  /** Grows; unique in the installation. */
  readonly seq: number;
  readonly at: Timestamp;
}

/** A service as its events name it. */
export interface ServiceFacts {
  readonly id: ServiceId;
  readonly projectId: ProjectId;
  readonly clusterId: ClusterId;
  readonly name: string;
  /** Projects that have endpoints of it. */
  readonly consumers: readonly ProjectId[];
}

/** Returns an event as the API and webhooks carry it. */
export function renderEvent({ seq, at, projectId, kind, resource, data }: PosternEvent): object {
  const timestamp = new Date(at).toISOString();
  return { id: seq, type: kind, timestamp, project_id: projectId, resource, data };
}

type Row = Readonly<Record<string, unknown>>;
type FindService = (id: string) => ServiceFacts | undefined;

/** Whether anything is told of a change. Of an update it has only the columns that differ. */
export function canBeTold({ kind, before, after }: RowChange): boolean {
  if (!before || !after) return true;
  return kind === "endpoint"
    ? "approval" in after || "phase" in after
    : kind === "service" && "enabled" in after;
}

/**
 * Returns what one piece of work made happen, in its order. Whoever made it, by whatever API, is all the same.
 * @param changes also of updated endpoints the whole rows
 * @param services those that `servicesOf` names; of one that is not there nothing is told
 */
export function eventsOf(changes: readonly RowChange[], services: FindService): readonly NewEvent[] {
  return [
    ...changes.flatMap((change) => {
      if (change.kind === "endpoint") return eventsOfEndpoint(change, services);
      if (change.kind === "service") return eventsOfService(change, services);
      return [];
    }),
    ...eventsOfWhitelists(changes, services),
  ];
}

/** Returns the services that `eventsOf` has to know for these changes. */
export function servicesOf(changes: readonly RowChange[]): readonly string[] {
  const ids = changes.flatMap(({ kind, id, before, after }) => {
    if (kind === "service") return [id];
    return kind === "endpoint" || kind === "permission" ? [text(after ?? before, "service_id")] : [];
  });
  return [...new Set(ids)];
}

/** Tells the owner, and the consumer where he is somebody else, of something about an endpoint. */
export function toBothSides(
  endpoint: {
    readonly id: string;
    readonly projectId: ProjectId;
    readonly accountId: string;
    readonly markerId: number;
  },
  service: ServiceFacts,
  kind: EventKind,
  data: Readonly<Record<string, unknown>> = {},
): readonly NewEvent[] {
  const resource = `endpoint/${endpoint.id}`;
  const shared = {
    endpoint_id: endpoint.id,
    marker_id: endpoint.markerId,
    account_id: endpoint.accountId,
    service_id: service.id,
    service_name: service.name,
    ...data,
  };
  const forOwner = { ...shared, cluster_id: service.clusterId };
  const owner = { projectId: service.projectId, kind, resource, data: forOwner };
  if (endpoint.projectId === service.projectId) return [owner];
  return [owner, { projectId: endpoint.projectId, kind, resource, data: shared }];
}

/** Tells the owner, and every other project that has endpoints of it, of something about a service. */
export function toOwnerAndConsumers(service: ServiceFacts, kind: EventKind): readonly NewEvent[] {
  const resource = `service/${service.id}`;
  const data = { service_id: service.id, service_name: service.name };
  const others = service.consumers.filter((project) => project !== service.projectId);
  return [
    { projectId: service.projectId, kind, resource, data: { ...data, cluster_id: service.clusterId } },
    ...others.map((projectId) => ({ projectId, kind, resource, data })),
  ];
}

function eventsOfEndpoint({ id, before, after }: RowChange, services: FindService): readonly NewEvent[] {
  const row = after ?? before;
  const service = services(text(row, "service_id"));
  if (!row || !service) return [];
  const endpoint = {
    id,
    projectId: text(row, "project_id") as ProjectId,
    accountId: text(row, "account_id"),
    markerId: Number(row["marker_id"]),
  };
  return endpointKinds(before, after).flatMap(([kind, data]) => toBothSides(endpoint, service, kind, data));
}

type Told = readonly [kind: EventKind, data?: Row];

function endpointKinds(before: Row | null, after: Row | null): readonly Told[] {
  if (!after) return [["endpoint.deleted"]];
  const told: Told[] = [];
  if (!before) told.push(["endpoint.created", { address: after["address"] }]);
  if (before?.["approval"] !== after["approval"]) told.push(approvalTold(after));
  if (before && before["phase"] !== after["phase"]) told.push(...phaseTold(after));
  return told;
}

function approvalTold({ approval, rejected_by: rejectedBy }: Row): Told {
  if (approval === "rejected") return ["connection.rejected", { rejected_by: rejectedBy }];
  return [approval === "accepted" ? "connection.accepted" : "connection.pending"];
}

function phaseTold({ phase, failure_code: code }: Row): readonly Told[] {
  if (phase === "ready") return [["endpoint.ready"]];
  return phase === "failed" ? [["endpoint.failed", { failure_code: code }]] : [];
}

function eventsOfService({ id, before, after }: RowChange, services: FindService): readonly NewEvent[] {
  const service = services(id);
  const [was, is] = [before?.["enabled"] === true, after?.["enabled"] === true];
  if (!service || was === is) return [];
  return toOwnerAndConsumers(service, is ? "service.opened" : "service.closed");
}

/** A whitelist is replaced as a whole: one event tells what came and what went. */
function eventsOfWhitelists(changes: readonly RowChange[], services: FindService): readonly NewEvent[] {
  const deleted = new Set(changes.filter(({ after }) => !after).map(({ id }) => id));
  const touched = new Map<string, { readonly added: Set<string>; readonly removed: Set<string> }>();
  for (const { kind, before, after } of changes) {
    if (kind !== "permission" || (before && after)) continue;
    const serviceId = text(after ?? before, "service_id");
    const change = touched.get(serviceId) ?? { added: new Set(), removed: new Set() };
    touched.set(serviceId, change);
    change[after ? "added" : "removed"].add(text(after ?? before, "permission"));
  }
  return [...touched].flatMap(([serviceId, { added, removed }]) => {
    const service = services(serviceId);
    const [came, went] = [
      [...added].filter((permission) => !removed.has(permission)),
      [...removed].filter((permission) => !added.has(permission)),
    ];
    if (!service || deleted.has(serviceId) || came.length + went.length === 0) return [];
    const { id, projectId, clusterId, name } = service;
    const data = { service_id: id, service_name: name, cluster_id: clusterId, added: came, removed: went };
    return [{ projectId, kind: "whitelist.changed" as const, resource: `service/${id}`, data }];
  });
}

function text(row: Row | null | undefined, column: string): string {
  const value = row?.[column];
  return typeof value === "string" ? value : "";
}
