import type { Ipv4 } from "../lib/ipv4.ts";
import type {
  AccountId,
  ClusterId,
  EndpointId,
  GatewayId,
  NodeId,
  ProjectId,
  ServiceId,
  SubnetId,
  UserId,
  VpcId,
} from "./ids.ts";
import { zeroFigures, type EndpointFigures, type GatewayReport } from "./report.ts";
import type { Account, Cluster, Endpoint, EndpointService, Project, Subnet, User, Vpc } from "./resources.ts";

/** Resources of one small installation, complete; a test says only what matters to it. */

const createdAt = Date.UTC(2026, 0, 1);

export const namePlace = { region: "region-1", zone: "postern.internal" } as const;

/** Returns a UUID that grows with `n`. */
export function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** Returns 32 hex digits that grow with `n`. */
export function hexId(n: number): string {
  return n.toString(16).padStart(32, "0");
}

export const accountId = hexId(1) as AccountId;
export const projectId = hexId(2) as ProjectId;
export const userId = hexId(3) as UserId;
export const vpcId = uuid(1) as VpcId;
export const subnetId = uuid(2) as SubnetId;
export const clusterId = uuid(3) as ClusterId;
export const serviceId = uuid(4) as ServiceId;
export const gatewayId = uuid(5) as GatewayId;
export const nodeId = uuid(6) as NodeId;
export const endpointId = uuid(7) as EndpointId;

export function anAccount(wish: Partial<Account> = {}): Account {
  return { id: accountId, name: "owner", createdAt, ...wish };
}

export function aProject(wish: Partial<Project> = {}): Project {
  return { id: projectId, accountId, name: "region-1", createdAt, ...wish };
}

export function aUser(wish: Partial<User> = {}): User {
  return {
    id: userId,
    accountId,
    name: "admin",
    passwordHash: "x",
    isOperator: true,
    role: "administrator",
    actions: [],
    createdAt,
    ...wish,
  };
}

export function aVpc(wish: Partial<Vpc> = {}): Vpc {
  const cidr = "127.80.0.0/20";
  const attachment = { kind: "loopback" } as const;
  return {
    id: vpcId,
    projectId,
    name: "default",
    cidr,
    cidr6: null,
    attachment,
    number: 1,
    dnsAddress: null,
    createdAt,
    ...wish,
  };
}

export function aSubnet(wish: Partial<Subnet> = {}): Subnet {
  const cidr = "127.80.0.0/20";
  const cursors = { poolCursor: null, pool6Cursor: null };
  return {
    id: subnetId,
    vpcId,
    projectId,
    name: "default",
    cidr,
    cidr6: null,
    ...cursors,
    createdAt,
    ...wish,
  };
}

export function aCluster(wish: Partial<Cluster> = {}): Cluster {
  return {
    id: clusterId,
    projectId,
    name: "logs",
    state: "registered",
    engine: "opensearch",
    engineVersion: "2.19.0",
    nodes: [{ id: nodeId, host: "10.0.0.5", port: 9200 }],
    scheme: "http",
    username: null,
    sealedPassword: null,
    ca: null,
    insecureSkipVerify: false,
    clientPort: 9200,
    vpcId,
    subnetId,
    tags: [],
    version: 1,
    createdAt,
    updatedAt: createdAt,
    ...wish,
  };
}

export function aService(wish: Partial<EndpointService> = {}): EndpointService {
  return {
    id: serviceId,
    clusterId,
    projectId,
    name: `region-1.logs.${serviceId}`,
    enabled: true,
    updateSwitch: true,
    approvalEnabled: false,
    dnsEnabled: false,
    professional: false,
    reconcileConnections: true,
    origin: "css",
    ports: [],
    description: "",
    tags: [],
    createdAt,
    updatedAt: createdAt,
    ...wish,
  };
}

export function anEndpoint(wish: Partial<Endpoint> = {}): Endpoint {
  return {
    id: endpointId,
    serviceId,
    projectId,
    accountId,
    vpcId,
    subnetId,
    address: "127.80.0.2" as Ipv4,
    address6: null,
    phase: "ready",
    approval: "accepted",
    rejectedBy: null,
    maxSession: 3000,
    maxConnectionRate: null,
    maxBandwidth: null,
    specificationName: "default",
    dnsEnabled: false,
    description: "",
    ownerNote: "",
    markerId: 16_777_217,
    sourceWhitelistEnabled: false,
    sourceWhitelist: [],
    tags: [],
    failureCode: null,
    failureMessage: null,
    createdRevision: 1,
    createdAt,
    updatedAt: null,
    ...wish,
  };
}

export function aReport(wish: Partial<GatewayReport> = {}): GatewayReport {
  return {
    appliedRevision: 1,
    severedSessions: 0,
    applyMs: 0.5,
    pid: 4711,
    failures: [],
    nodes: [],
    endpoints: [],
    gone: [],
    ...wish,
  };
}

export const noRefusals = zeroFigures(endpointId).refusals;

export function someFigures(wish: Partial<EndpointFigures> = {}): EndpointFigures {
  return { ...zeroFigures(endpointId), ...wish };
}
