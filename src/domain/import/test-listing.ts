import { parseIpv4Prefix, type Ipv4 } from "../../lib/ipv4.ts";
import type { AccountId, ProjectId, SubnetId, VpcId } from "../ids.ts";
import { aSubnet, hexId, uuid } from "../test-fixtures.ts";
import type { ConsumerProject, ImportFacts, PresentNetwork } from "./facts.ts";
import type { ListedConnection, ListedPermission, Listing } from "./listing.ts";

/** A listing of two connections of one account, and an installation that takes it: a test says what differs. */

export const owner = hexId(1) as AccountId;
export const consumer = hexId(9) as AccountId;

export function aListedConnection(wish: Partial<ListedConnection> = {}): ListedConnection {
  return {
    id: uuid(101),
    status: "accepted",
    maxSession: "3000",
    specificationName: "default",
    createdAt: "2024-06-11T09:36:24Z",
    updatedAt: null,
    accountId: consumer,
    address: "192.168.0.122",
    ipv6Address: null,
    dnsName: null,
    otherFields: [],
    hasNull: false,
    ...wish,
  };
}

export function aListedPermission(wish: Partial<ListedPermission> = {}): ListedPermission {
  return {
    id: uuid(201),
    permission: `iam:domain::${consumer}`,
    permissionType: "domainId",
    createdAt: "2023-10-12T07:33:11Z",
    otherFields: [],
    ...wish,
  };
}

export function aListing(wish: Partial<Listing> = {}): Listing {
  const connections = wish.connections ?? [
    aListedConnection(),
    aListedConnection({ id: uuid(102), address: "192.168.0.133", createdAt: "2023-10-12T07:33:16Z" }),
  ];
  return {
    serviceName: `cn-north-4.css-logs.${uuid(300)}`,
    updateSwitch: false,
    totalCount: connections.length,
    permissions: [aListedPermission()],
    otherFields: [],
    ...wish,
    connections,
  };
}

export function aNetwork(cidr: string, used: readonly string[] = [], wish = {}): PresentNetwork {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) throw new TypeError(cidr);
  return {
    projectId: hexId(10) as ProjectId,
    subnet: aSubnet({ id: uuid(400) as SubnetId, vpcId: uuid(401) as VpcId, cidr }),
    prefix,
    attachment: { kind: "none" },
    used: new Set(used as readonly Ipv4[]),
    ...wish,
  };
}

export function aConsumerProject(wish: Partial<ConsumerProject> = {}): ConsumerProject {
  const id = hexId(10) as ProjectId;
  const networks = [aNetwork("192.168.0.0/24")];
  return { id, endpoints: 0, networkNames: new Set(["default"]), networks, ...wish };
}

export function someFacts(wish: Partial<ImportFacts> = {}): ImportFacts {
  return {
    clusterName: "logs",
    region: "region-1",
    zone: "postern.internal",
    importer: { accountId: owner, isOperator: true },
    present: undefined,
    services: 0,
    isServiceTaken: false,
    takenEndpoints: new Set(),
    takenPermissions: new Set(),
    consumers: new Map([[consumer, [aConsumerProject()]]]),
    ...wish,
  };
}
