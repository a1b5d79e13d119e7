import { parseServiceName } from "../names.ts";
import { quotas } from "../quotas.ts";
import { whitelistLimit } from "../whitelist.ts";
import type { ImportFacts } from "./facts.ts";
import type { Listing } from "./listing.ts";
import { fixFile, lostFields, type Obstacle } from "./obstacle.ts";

/** Returns what stands in the way of the service itself. */
export function checkService(
  listing: Listing,
  facts: ImportFacts,
  createMissing: boolean,
): readonly Obstacle[] {
  const subject = { service: listing.serviceName };
  const problems: (readonly [reason: string, fix: string])[] = [];
  if (!parseServiceName(listing.serviceName)) {
    problems.push(["The service name is not of the form REGION.NAME.UUID.", fixFile]);
  }
  if (facts.isServiceTaken) {
    problems.push([
      "A service with this name or id exists here already, at another cluster.",
      "Import the listing into that cluster, or remove that one first: postern cluster remove CLUSTER",
    ]);
  }
  problems.push(...checkPresent(facts), ...checkCounts(listing));
  if (createMissing && !facts.importer.isOperator) {
    problems.push([
      "Only an operator may make missing accounts and networks.",
      "Repeat it without --create-missing, or ask an operator of this installation.",
    ]);
  }
  return [
    ...problems.map(([reason, fix]) => ({ ...subject, reason, fix })),
    ...lostFields(subject, listing.otherFields),
  ];
}

type Problem = readonly [reason: string, fix: string];

function checkPresent({ present, clusterName, services }: ImportFacts): readonly Problem[] {
  if (present?.isEnabled === true) {
    const fix = `Close it and delete its connections, or register the cluster anew: postern cluster remove ${clusterName}`;
    return [[`Cluster ${clusterName} has an endpoint service already, which is open.`, fix]];
  }
  if (present && present.connections > 0) {
    const fix = `Delete them first, or register the cluster anew: postern cluster remove ${clusterName}`;
    return [
      [`Cluster ${clusterName} has a closed endpoint service with ${present.connections} connections.`, fix],
    ];
  }
  if (present || services < quotas.services) return [];
  return [[`The project has ${services} services, which is its quota.`, "Delete some first."]];
}

function checkCounts({ totalCount, connections, permissions }: Listing): readonly Problem[] {
  const problems: Problem[] = [];
  if (totalCount > connections.length) {
    problems.push([
      `The listing is one page of several: it has ${connections.length} of ${totalCount} connections.`,
      "Save it with limit=1000, or give every page: postern import CLUSTER PAGE1 PAGE2",
    ]);
  }
  if (totalCount < connections.length) {
    problems.push([
      `The listing says that it has ${totalCount} connections, and has ${connections.length}.`,
      fixFile,
    ]);
  }
  if (permissions.length > whitelistLimit) {
    problems.push([
      `A whitelist holds ${whitelistLimit} entries, and the listing has ${permissions.length}.`,
      "Take entries out of the file.",
    ]);
  }
  return problems;
}
