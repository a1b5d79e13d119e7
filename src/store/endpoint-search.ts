import type { Expression, ExpressionBuilder, Kysely, SelectQueryBuilder, SqlBool } from "kysely";
import type { EndpointStatus } from "../domain/endpoint-state.ts";
import type { ConnectionFilter, EndpointFilter, SortedPage } from "../domain/store.ts";
import { containsInAnyCase } from "./page.ts";
import type { Schema } from "./schema.ts";

export type EndpointQuery<Output> = SelectQueryBuilder<Schema, "endpoint", Output>;
type Builder = ExpressionBuilder<Schema, "endpoint">;

/** `endpointStatus` of the domain, as a condition on rows. Nothing is ever being deleted: it is gone at once. */
const conditions: Readonly<Record<EndpointStatus | "deleting", (eb: Builder) => Expression<SqlBool>>> = {
  rejected: (eb) => eb("approval", "=", "rejected"),
  creating: (eb) => eb.and([eb("approval", "<>", "rejected"), eb("phase", "=", "creating")]),
  failed: (eb) => eb.and([eb("approval", "<>", "rejected"), eb("phase", "=", "failed")]),
  pendingAcceptance: (eb) => eb.and([eb("approval", "=", "pending"), eb("phase", "=", "ready")]),
  deleting: (eb) => eb.lit(false),
  accepted: (eb) => eb.and([eb("approval", "=", "accepted"), eb("phase", "=", "ready")]),
};

export function connectionsOf<Output>(
  query: EndpointQuery<Output>,
  service: string,
  { id, markerId, status }: ConnectionFilter,
): EndpointQuery<Output> {
  let wanted = query.where("serviceId", "=", service);
  if (id !== undefined) wanted = wanted.where("id", "=", id);
  if (markerId !== undefined) wanted = wanted.where("markerId", "=", markerId);
  if (status !== undefined) wanted = wanted.where(conditions[status]);
  return wanted;
}

export function endpointsOf<Output>(
  query: EndpointQuery<Output>,
  db: Kysely<Schema>,
  project: string,
  { id, vpcId, serviceName }: EndpointFilter,
): EndpointQuery<Output> {
  let wanted = query.where("projectId", "=", project);
  if (id !== undefined) wanted = wanted.where("id", "=", id);
  if (vpcId !== undefined) wanted = wanted.where("vpcId", "=", vpcId);
  if (serviceName === undefined) return wanted;
  const named = db
    .selectFrom("endpointService")
    .select("id")
    .where((eb) => containsInAnyCase(eb.ref("name"), serviceName));
  return wanted.where("serviceId", "in", named);
}

/** An endpoint that nobody changed yet counts as changed when it was made. */
export function sorted<Output>(query: EndpointQuery<Output>, page: SortedPage): EndpointQuery<Output> {
  return query
    .orderBy(
      (eb) => (page.sortBy === "updatedAt" ? eb.fn.coalesce("updatedAt", "createdAt") : eb.ref("createdAt")),
      page.direction,
    )
    .orderBy("id")
    .limit(page.limit)
    .offset(page.offset);
}
