import type { DesiredState } from "./build-snapshot.ts";
import { admissionRefusal } from "./endpoint-state.ts";
import type { AccountId, EndpointId, ServiceId } from "./ids.ts";
import type { Endpoint, EndpointService } from "./resources.ts";

/** What a write would do to the traffic. */
export interface Plan {
  readonly endpoints: readonly PlannedEndpoint[];
  /** Live sessions that would be cut. */
  readonly sessionsCut: number;
  /** Accounts that have an admitted endpoint of a service now, and would have none of it. */
  readonly accountsLosingAccess: readonly AccountId[];
}

export interface PlannedEndpoint {
  readonly id: EndpointId;
  readonly accountId: AccountId;
  /** `cut`: admitted now, refused then; `admitted`: the other way round. */
  readonly effect: "created" | "deleted" | "cut" | "admitted";
  /** Live sessions that would be cut. */
  readonly sessions: number;
}

/**
 * Compares two states of the data. Pure.
 * @param sessionsOf live sessions of an endpoint now
 */
export function planOf(
  before: DesiredState,
  after: DesiredState,
  sessionsOf: (id: EndpointId) => number,
): Plan {
  const wasAdmitted = admissions(before);
  const isAdmitted = admissions(after);
  const endpoints: PlannedEndpoint[] = [];
  for (const { id, accountId } of [...before.endpoints, ...created(before, after)]) {
    const effect = effectOf(wasAdmitted.get(id), isAdmitted.get(id));
    if (!effect) continue;
    const endsSessions = effect === "cut" || effect === "deleted";
    endpoints.push({ id, accountId, effect, sessions: endsSessions ? sessionsOf(id) : 0 });
  }
  const kept = new Set(accesses(after, isAdmitted).map(([key]) => key));
  const lost = accesses(before, wasAdmitted).filter(([key]) => !kept.has(key));
  return {
    endpoints,
    sessionsCut: endpoints.reduce((sum, { sessions }) => sum + sessions, 0),
    accountsLosingAccess: [...new Set(lost.map(([, account]) => account))],
  };
}

function created(before: DesiredState, after: DesiredState): readonly Endpoint[] {
  const known = new Set(before.endpoints.map(({ id }) => id));
  return after.endpoints.filter(({ id }) => !known.has(id));
}

/** Whether each endpoint's connections are admitted. */
function admissions({ endpoints, services }: DesiredState): ReadonlyMap<EndpointId, boolean> {
  const byId = new Map<ServiceId, EndpointService>(services.map((service) => [service.id, service]));
  return new Map(
    endpoints.map((endpoint) => {
      const isEnabled = byId.get(endpoint.serviceId)?.enabled ?? false;
      return [endpoint.id, admissionRefusal(endpoint, isEnabled) === null];
    }),
  );
}

function effectOf(was: boolean | undefined, is: boolean | undefined): PlannedEndpoint["effect"] | undefined {
  if (was === undefined) return "created";
  if (is === undefined) return "deleted";
  if (was === is) return undefined;
  return is ? "admitted" : "cut";
}

/** Pairs of service and account with an admitted endpoint, as a key with the account. */
function accesses(
  { endpoints }: DesiredState,
  admitted: ReadonlyMap<EndpointId, boolean>,
): readonly (readonly [string, AccountId])[] {
  return endpoints
    .filter(({ id }) => admitted.get(id))
    .map(({ serviceId, accountId }) => [`${serviceId} ${accountId}`, accountId]);
}
