import type { ServiceId } from "../ids.ts";
import { parseServiceName } from "../names.ts";
import type { EndpointService } from "../resources.ts";
import { endpointSpecification } from "../specification.ts";
import { checkConnections } from "./check-connections.ts";
import { checkPermissions, type ImportedPermission } from "./check-permissions.ts";
import { checkService } from "./check-service.ts";
import type { ImportFacts } from "./facts.ts";
import type { Listing } from "./listing.ts";
import { notesOf } from "./notes.ts";
import { ObstacleError } from "./obstacle.ts";
import {
  placeConnections,
  type NewAccount,
  type NewNetwork,
  type PlacedConnection,
} from "./place-connections.ts";

/** Everything that an import makes. */
export interface ImportPlan {
  readonly service: Pick<
    EndpointService,
    "id" | "name" | "updateSwitch" | "approvalEnabled" | "dnsEnabled" | "professional"
  >;
  readonly permissions: readonly ImportedPermission[];
  readonly accounts: readonly NewAccount[];
  readonly networks: readonly NewNetwork[];
  readonly connections: readonly PlacedConnection[];
  /** For people: what comes back other than it was listed, and what will not work yet. */
  readonly notes: readonly string[];
}

/**
 * Says how to make an installation give a listing back as it was saved. Pure: it decides, and changes nothing.
 * @param createMissing whether missing accounts and networks are made; takes an operator
 * @throws ObstacleError with everything that stands in the way, at once
 */
export function planImport(listing: Listing, facts: ImportFacts, createMissing: boolean): ImportPlan {
  const whitelist = checkPermissions(listing.permissions, facts);
  const checked = checkConnections(listing.connections, facts);
  const placed = placeConnections(checked.connections, facts, createMissing);
  const obstacles = [
    ...checkService(listing, facts, createMissing),
    ...whitelist.obstacles,
    ...checked.obstacles,
    ...placed.obstacles,
  ];
  const id = parseServiceName(listing.serviceName);
  if (obstacles.length > 0 || !id) throw new ObstacleError(obstacles);
  const { permissions } = whitelist;
  const { accounts, networks, connections } = placed;
  return {
    service: serviceOf(id, listing, connections),
    permissions,
    accounts,
    networks,
    connections,
    notes: notesOf(listing, permissions, connections, facts.importer.accountId),
  };
}

/** What a listing does not say of its service is taken from its connections. */
function serviceOf(
  id: ServiceId,
  listing: Listing,
  connections: readonly PlacedConnection[],
): ImportPlan["service"] {
  const basic = endpointSpecification(false).maxSession;
  const large = endpointSpecification(true).name;
  return {
    id,
    name: listing.serviceName,
    updateSwitch: listing.updateSwitch,
    approvalEnabled: connections.some(({ approval }) => approval === "pending"),
    dnsEnabled: connections.some(({ dnsEnabled }) => dnsEnabled),
    professional: connections.some(
      ({ maxSession, specificationName }) => maxSession > basic || specificationName === large,
    ),
  };
}
