import { hostNameOf } from "./attachment.ts";
import type { DesiredState } from "./build-snapshot.ts";
import { admissionRefusal } from "./endpoint-state.ts";
import type { AccountId, EndpointId, NodeId, ServiceId, VpcId } from "./ids.ts";
import type { Endpoint, EndpointService, KernelVpc } from "./resources.ts";
import { admitsNoSource, losesSources } from "./source-whitelist.ts";

/** What a write would do to the traffic. */
export interface Plan {
  readonly endpoints: readonly PlannedEndpoint[];
  /** Live sessions that would be cut for sure. */
  readonly sessionsCut: number;
  /**
   * Most live sessions that could be cut: the server does not know which source each of them comes from, nor which of those
   * on a node will have ended by themselves when its time is over.
   */
  readonly sessionsCutUpTo: number;
  /** Accounts that have an admitted endpoint of a service now, and would have none of it. */
  readonly accountsLosingAccess: readonly AccountId[];
}

/**
 * `cut`: admitted now, refused or without a gateway then; `admitted`: the other way round; `narrowed`: fewer sources
 * are admitted; `moved`: its network is another interface or namespace of the gateway's host then.
 */
export const planEffects = ["created", "deleted", "cut", "admitted", "narrowed", "moved"] as const;

export interface PlannedEndpoint {
  readonly id: EndpointId;
  readonly accountId: AccountId;
  readonly effect: (typeof planEffects)[number];
  /** Live sessions that would be cut for sure. */
  readonly sessions: number;
  /** Most live sessions that could be cut. */
  readonly upTo: number;
}

/**
 * Compares two states of the data. Pure.
 * @param sessionsOf live sessions of an endpoint now
 * @param sessionsOn the same of a node; none where it is left out
 */
export function planOf(
  before: DesiredState,
  after: DesiredState,
  sessionsOf: (id: EndpointId) => number,
  sessionsOn: (id: NodeId) => number = () => 0,
): Plan {
  const wasAdmitted = admissions(before, after.unattachedVpcs);
  const isAdmitted = admissions(after, before.unattachedVpcs);
  const narrowed = narrowedEndpoints(before, after);
  const moved = movedVpcs(before, after);
  const endpoints: PlannedEndpoint[] = [];
  for (const { id, accountId, vpcId } of [...before.endpoints, ...created(before, after)]) {
    const change = effectOf(wasAdmitted.get(id), isAdmitted.get(id));
    const fewer = moved.has(vpcId) ? "moved" : narrowed.has(id) ? "narrowed" : undefined;
    const effect = change ?? (isAdmitted.get(id) ? fewer : undefined);
    if (!effect) continue;
    const endsAll = effect === "cut" || effect === "deleted";
    const live = endsAll || effect === fewer ? sessionsOf(id) : 0;
    endpoints.push({ id, accountId, effect, sessions: endsAll ? live : 0, upTo: live });
  }
  const kept = new Set(accesses(after, isAdmitted).map(([key]) => key));
  const lost = accesses(before, wasAdmitted).filter(([key]) => !kept.has(key));
  return {
    endpoints,
    sessionsCut: endpoints.reduce((sum, { sessions }) => sum + sessions, 0),
    sessionsCutUpTo:
      endpoints.reduce((sum, { upTo }) => sum + upTo, 0) +
      timedDrains(before, after).reduce((sum, id) => sum + sessionsOn(id), 0),
    accountsLosingAccess: [...new Set(lost.map(([, account]) => account))],
  };
}

/** Nodes whose sessions get a time at which they are cut. */
function timedDrains(before: DesiredState, after: DesiredState): readonly NodeId[] {
  const known = new Map(before.clusters.flatMap(({ nodes }) => nodes.map((node) => [node.id, node.drain])));
  const nodes = after.clusters.flatMap((cluster) => cluster.nodes);
  return nodes.flatMap(({ id, drain }) => {
    const isTimed = drain !== undefined && drain.cutAt !== null && drain.cutAt !== known.get(id)?.cutAt;
    return isTimed ? [id] : [];
  });
}

function created(before: DesiredState, after: DesiredState): readonly Endpoint[] {
  const known = new Set(before.endpoints.map(({ id }) => id));
  return after.endpoints.filter(({ id }) => !known.has(id));
}

/** Endpoints that admit fewer sources than before. */
function narrowedEndpoints(before: DesiredState, after: DesiredState): ReadonlySet<EndpointId> {
  const known = new Map(before.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const isNarrowed = (endpoint: Endpoint): boolean => {
    const was = known.get(endpoint.id);
    return was !== undefined && losesSources(was, endpoint);
  };
  return new Set(after.endpoints.filter(isNarrowed).map(({ id }) => id));
}

/** Networks that stay attached, in another way. */
function movedVpcs(before: DesiredState, after: DesiredState): ReadonlySet<VpcId> {
  const known = new Map(before.kernelVpcs.map((vpc) => [vpc.id, vpc]));
  const isMoved = ({ id, attachment }: KernelVpc): boolean => {
    const was = known.get(id)?.attachment;
    return was !== undefined && (was.kind !== attachment.kind || hostNameOf(was) !== hostNameOf(attachment));
  };
  return new Set(after.kernelVpcs.filter(isMoved).map(({ id }) => id));
}

/**
 * Whether each endpoint's connections are admitted, from some source at least. Attachments count where they change:
 * endpoints in networks that no gateway is attached to, before and after, are told of as the owner decides on them.
 * @param otherUnattached networks without a gateway in the state to compare with
 */
function admissions(
  { endpoints, services, unattachedVpcs }: DesiredState,
  otherUnattached: ReadonlySet<VpcId>,
): ReadonlyMap<EndpointId, boolean> {
  const byId = new Map<ServiceId, EndpointService>(services.map((service) => [service.id, service]));
  return new Map(
    endpoints.map((endpoint) => {
      const isEnabled = byId.get(endpoint.serviceId)?.enabled ?? false;
      const isCarried = !unattachedVpcs.has(endpoint.vpcId) || otherUnattached.has(endpoint.vpcId);
      const isAdmitted = admissionRefusal(endpoint, isEnabled) === null && !admitsNoSource(endpoint);
      return [endpoint.id, isCarried && isAdmitted];
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
