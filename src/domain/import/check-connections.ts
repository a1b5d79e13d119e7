import { parseIpv4, type Ipv4 } from "../../lib/ipv4.ts";
import type { EndpointApproval } from "../endpoint-state.ts";
import { isUuid, type AccountId, type EndpointId } from "../ids.ts";
import { endpointDnsName } from "../names.ts";
import type { Timestamp } from "../resources.ts";
import { endpointSpecification } from "../specification.ts";
import type { ImportFacts } from "./facts.ts";
import { parseListedTime } from "./listed-time.ts";
import type { ListedConnection } from "./listing.ts";
import { fixFile, lostFields, repeatedIds, type Obstacle } from "./obstacle.ts";

/** A connection of a listing, read. */
export interface ImportedConnection {
  readonly id: EndpointId;
  readonly accountId: AccountId;
  readonly address: Ipv4;
  readonly approval: EndpointApproval;
  readonly maxSession: number;
  readonly specificationName: string;
  readonly dnsEnabled: boolean;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp | null;
}

type Problem = readonly [reason: string, fix: string];

const approvals: Readonly<Record<string, EndpointApproval>> = {
  accepted: "accepted",
  rejected: "rejected",
  pendingAcceptance: "pending",
};

/** Returns the connections, and what stands in the way of those that are missing from them. */
export function checkConnections(
  listed: readonly ListedConnection[],
  facts: ImportFacts,
): { readonly connections: readonly ImportedConnection[]; readonly obstacles: readonly Obstacle[] } {
  const repeated = repeatedIds(listed);
  const connections: ImportedConnection[] = [];
  const obstacles: Obstacle[] = [];
  for (const entry of listed) {
    const subject = { connection: entry.id };
    const problems = [...checkId(entry.id, repeated, facts), ...checkNames(entry, facts)];
    const read = readConnection(entry);
    if ("problems" in read) problems.push(...read.problems);
    else connections.push(read);
    obstacles.push(...problems.map(([reason, fix]) => ({ ...subject, reason, fix })));
    obstacles.push(...lostFields(subject, entry.otherFields));
  }
  return { connections, obstacles };
}

function checkId(id: string, repeated: ReadonlySet<string>, facts: ImportFacts): readonly Problem[] {
  if (!isUuid(id)) return [["Its id is no UUID in lower case.", fixFile]];
  if (repeated.has(id)) return [["Several connections of the listing have this id.", fixFile]];
  if (!facts.takenEndpoints.has(id as EndpointId)) return [];
  return [
    ["An endpoint with this id exists here already.", `Delete it first: postern endpoint delete ${id}`],
  ];
}

/** IPv6 addresses and private names are this installation's own to give. */
function checkNames(entry: ListedConnection, { region, zone }: ImportFacts): readonly Problem[] {
  const problems: Problem[] = [];
  if (entry.ipv6Address !== null) {
    problems.push([
      `It has the IPv6 address ${entry.ipv6Address}, and an import takes IPv4 addresses over only.`,
      "Take vpcepIpv6Address out of the file to do without it.",
    ]);
  }
  const name = endpointDnsName(entry.id as EndpointId, region, zone);
  if (entry.dnsName !== null && entry.dnsName !== name) {
    problems.push([
      `Its private name is ${entry.dnsName}; this installation would give it ${name}.`,
      "Take vpcepDnsName out of the file to do without a name, or put that one there.",
    ]);
  }
  return problems;
}

function readConnection(entry: ListedConnection): ImportedConnection | { readonly problems: Problem[] } {
  const reasons: string[] = [];
  const approval = Object.hasOwn(approvals, entry.status) ? approvals[entry.status] : undefined;
  if (!approval) reasons.push(`Its status is ${entry.status}, not accepted, rejected or pendingAcceptance.`);
  const most = endpointSpecification(entry.specificationName !== "default").maxSession;
  const isNumber = /^[1-9]\d{0,6}$/.test(entry.maxSession) && Number(entry.maxSession) <= most;
  if (!isNumber) {
    reasons.push(
      `maxSession "${entry.maxSession}" is not from 1 to ${most} for a ${entry.specificationName} endpoint.`,
    );
  }
  if (!/^[A-Za-z0-9]{1,64}$/.test(entry.accountId)) {
    reasons.push(`domain_id "${entry.accountId}" is no account id.`);
  }
  const address = entry.address === null ? undefined : parseIpv4(entry.address);
  if (address === undefined) reasons.push(`vpcepIp "${entry.address ?? ""}" is no IPv4 address.`);
  const createdAt = parseListedTime(entry.createdAt);
  if (createdAt === undefined) reasons.push(`created_at "${entry.createdAt}" is no time.`);
  const updatedAt = entry.updatedAt === null ? null : parseListedTime(entry.updatedAt);
  if (updatedAt === undefined) reasons.push(`update_at "${entry.updatedAt}" is no time.`);
  if (reasons.length > 0 || !approval || address === undefined) return failed(reasons);
  if (createdAt === undefined || updatedAt === undefined) return failed(reasons);
  return {
    id: entry.id as EndpointId,
    accountId: entry.accountId as AccountId,
    address,
    approval,
    maxSession: Number(entry.maxSession),
    specificationName: entry.specificationName,
    dnsEnabled: entry.dnsName !== null,
    createdAt,
    updatedAt,
  };
}

function failed(reasons: readonly string[]): { readonly problems: Problem[] } {
  return { problems: reasons.map((reason) => [reason, fixFile]) };
}
