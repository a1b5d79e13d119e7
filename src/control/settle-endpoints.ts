import { transition } from "../domain/endpoint-state.ts";
import type { ClusterId, EndpointId, GatewayId, ServiceId } from "../domain/ids.ts";
import type { EndpointFailure, GatewayReport } from "../domain/report.ts";
import type { Endpoint } from "../domain/resources.ts";
import type { Repositories, Store } from "../domain/store.ts";
import type { Clock } from "../lib/clock.ts";

/** One endpoint whose phase the report changes. */
interface Finding {
  readonly endpoint: Endpoint;
  readonly failure: EndpointFailure | null;
}

/**
 * Writes down which endpoints a gateway brought up and which it could not. Costs one indexed read where nothing
 * changed.
 * @param gateway whose report it is
 * @returns revisions that created endpoints of which the gateway is still finding out whether they can be brought up
 */
export async function settleEndpoints(
  store: Store,
  clock: Clock,
  gateway: GatewayId,
  report: GatewayReport,
): Promise<ReadonlySet<number>> {
  const coming = new Set(report.coming);
  const created =
    coming.size === 0 ? [] : (await store.endpoints.unsettled()).filter(({ id }) => coming.has(id));
  if ((await findings(store, report)).length > 0) await write(store, clock, gateway, report);
  return new Set(created.map(({ createdRevision }) => createdRevision));
}

async function write(store: Store, clock: Clock, gateway: GatewayId, report: GatewayReport): Promise<void> {
  const name = `gateway/${gateway}`;
  const audit = { actor: name, action: "settleEndpoints", resource: name, isForChanges: true } as const;
  await store.observe(async (tx) => {
    const services = new Set<ServiceId>();
    for (const { endpoint, failure } of await findings(tx, report)) {
      const next = transition(endpoint, failure ? "attach_failed" : "attached");
      await tx.endpoints.setPhase(endpoint.id, next.phase, failure);
      services.add(endpoint.serviceId);
    }
    const touched = new Set<ClusterId>();
    for (const id of services) {
      const service = await tx.services.find(id);
      if (service) touched.add(service.clusterId);
    }
    for (const cluster of touched) await tx.clusters.touch(cluster, clock.now());
  }, audit);
}

async function findings(tx: Repositories, report: GatewayReport): Promise<readonly Finding[]> {
  const failures = new Map<EndpointId, EndpointFailure>(report.failures.map((f) => [f.endpointId, f]));
  const coming = new Set(report.coming);
  const found: Finding[] = [];
  for (const endpoint of await tx.endpoints.unsettled()) {
    const failure = failures.get(endpoint.id) ?? null;
    failures.delete(endpoint.id);
    // An endpoint that the applied snapshot did not hold yet is neither up nor failed, nor is one that is coming.
    if (endpoint.createdRevision > report.appliedRevision || coming.has(endpoint.id)) continue;
    const isNews = failure ? endpoint.failureMessage !== failure.message : true;
    if (isNews) found.push({ endpoint, failure });
  }
  for (const failure of failures.values()) {
    const endpoint = await tx.endpoints.find(failure.endpointId);
    if (endpoint) found.push({ endpoint, failure });
  }
  return found;
}
