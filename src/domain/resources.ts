import type { Ipv4 } from "../lib/ipv4.ts";
import type { Ipv6 } from "../lib/ipv6.ts";
import type { Attachment } from "./attachment.ts";
import type { KernelAttachment } from "./desired.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type {
  AccountId,
  ClusterId,
  EndpointId,
  GatewayId,
  NodeId,
  PermissionId,
  ProjectId,
  ServiceId,
  SubnetId,
  UserId,
  VpcId,
} from "./ids.ts";
import type { Role } from "./roles.ts";

/** Milliseconds since the Unix epoch. */
export type Timestamp = number;

export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly createdAt: Timestamp;
}

export interface Project {
  readonly id: ProjectId;
  readonly accountId: AccountId;
  readonly name: string;
  readonly createdAt: Timestamp;
}

export interface User {
  readonly id: UserId;
  readonly accountId: AccountId;
  readonly name: string;
  readonly passwordHash: string;
  /** May make accounts; the first user of an installation is. */
  readonly isOperator: boolean;
  readonly role: Role;
  /** What the user may do besides what the role says. */
  readonly actions: readonly string[];
  readonly createdAt: Timestamp;
}

/** What makes an access key a temporary one. */
export interface SecurityToken {
  /** SHA-256 of what the client sends as X-Security-Token. */
  readonly hash: string;
  readonly expiresAt: Timestamp;
}

export interface AccessKey {
  /** The public half (AK). */
  readonly id: string;
  readonly userId: UserId;
  /** The secret half (SK), encrypted with the installation's key. */
  readonly sealedSecret: string;
  /** null: a permanent key. */
  readonly securityToken: SecurityToken | null;
  readonly createdAt: Timestamp;
}

export interface Token {
  /** SHA-256 of the token; the token itself is never stored. */
  readonly hash: string;
  readonly userId: UserId;
  /** null: a token of the whole account, good for identity calls only. */
  readonly projectId: ProjectId | null;
  /** How it was signed in for; empty: it was handed out with the account. */
  readonly methods: readonly ("password" | "token")[];
  /** null: does not expire. */
  readonly expiresAt: Timestamp | null;
  readonly createdAt: Timestamp;
}

export interface Vpc {
  readonly id: VpcId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly cidr: string;
  /** null: it has IPv4 only. */
  readonly cidr6: string | null;
  readonly attachment: Attachment;
  /** By which the kernel knows it: 1 to 65,535, its own for as long as it lives. */
  readonly number: number;
  /** Where private names are served; null where none was ever asked for. */
  readonly dnsAddress: Ipv4 | null;
  readonly createdAt: Timestamp;
}

/** A network that the kernel carries. */
export interface KernelVpc extends Vpc {
  readonly attachment: KernelAttachment;
}

export interface Subnet {
  readonly id: SubnetId;
  readonly vpcId: VpcId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly cidr: string;
  /** null: it has IPv4 only. */
  readonly cidr6: string | null;
  /** The address that was handed out last. */
  readonly poolCursor: Ipv4 | null;
  readonly pool6Cursor: Ipv6 | null;
  readonly createdAt: Timestamp;
}

/** An address that an endpoint had until it was deleted. */
export interface ReleasedAddress {
  readonly subnetId: SubnetId;
  readonly address: Ipv4 | Ipv6;
  /** Of the endpoint. */
  readonly projectId: ProjectId;
  readonly releasedAt: Timestamp;
}

export type SearchEngine = "opensearch" | "elasticsearch";

export interface ClusterNode {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
  /** There while the owner keeps new sessions away from it. */
  readonly drain?: NodeDrain;
}

/** An owner's wish that a node gets no new sessions. */
export interface NodeDrain {
  readonly since: Timestamp;
  /** When sessions that are still there are cut, not before `since`; null: they end by themselves. */
  readonly cutAt: Timestamp | null;
}

/**
 * `registered`: in service, nobody created it through the CSS API yet; `adopted`: created through it;
 * `released`: deleted through it, and free to be adopted again.
 */
export type ClusterState = "registered" | "adopted" | "released";

export interface Cluster {
  readonly id: ClusterId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly state: ClusterState;
  readonly engine: SearchEngine;
  readonly engineVersion: string;
  readonly nodes: readonly ClusterNode[];
  readonly scheme: "http" | "https";
  readonly username: string | null;
  readonly sealedPassword: string | null;
  /** PEM. */
  readonly ca: string | null;
  readonly insecureSkipVerify: boolean;
  /** The port that consumers connect to. */
  readonly clientPort: number;
  readonly vpcId: VpcId;
  readonly subnetId: SubnetId;
  readonly tags: readonly Tag[];
  /** Grows with every change of the cluster, its service, whitelist and connections: the ETag of all of them. */
  readonly version: number;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

/** A label that an owner puts on a cluster, a service or an endpoint. */
export interface Tag {
  /** 1 to 128 characters, unique within its resource. */
  readonly key: string;
  /** Up to 255 characters. */
  readonly value: string;
}

/** A port that consumers connect to, and where it leads. */
export interface ServicePort {
  readonly clientPort: number;
  /** The cluster's client port stands for the port of each node's registration; any other is that port on each node's host. */
  readonly serverPort: number;
}

export interface EndpointService {
  readonly id: ServiceId;
  readonly clusterId: ClusterId;
  readonly projectId: ProjectId;
  /** `{region}.{name}.{id}`. */
  readonly name: string;
  readonly enabled: boolean;
  /** What `vpcepUpdateSwitch` shows: true from opening on; after an import whatever the listing said. */
  readonly updateSwitch: boolean;
  /** Whether the owner accepts each new endpoint of another account himself. */
  readonly approvalEnabled: boolean;
  /** Whether the endpoint that opening makes gets a private name. */
  readonly dnsEnabled: boolean;
  /** Professional rather than basic: 1,000,000 sessions an endpoint instead of 3,000. */
  readonly professional: boolean;
  /** Whether taking an account off the whitelist rejects and cuts its endpoints. */
  readonly reconcileConnections: boolean;
  /** Which API made it; what belongs to a cluster's life is closed there, not deleted. */
  readonly origin: "css" | "vpcep";
  /** Empty: the cluster's client port alone. */
  readonly ports: readonly ServicePort[];
  readonly description: string;
  readonly tags: readonly Tag[];
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

export interface Permission {
  readonly id: PermissionId;
  readonly serviceId: ServiceId;
  /** `iam:domain::ID`, `*`, or an organisation's path, which admits nobody here: there are no organisations. */
  readonly permission: string;
  readonly permissionType: "domainId" | "orgPath";
  readonly description: string;
  readonly createdAt: Timestamp;
}

export interface Endpoint extends EndpointState {
  readonly id: EndpointId;
  readonly serviceId: ServiceId;
  /** The consumer's project and account. */
  readonly projectId: ProjectId;
  readonly accountId: AccountId;
  readonly vpcId: VpcId;
  readonly subnetId: SubnetId;
  readonly address: Ipv4;
  /** Of endpoints with dual stack, and null of all others. */
  readonly address6: Ipv6 | null;
  readonly maxSession: number;
  /** Most new sessions a second, or null; the kernel alone can keep to it. */
  readonly maxConnectionRate: number | null;
  /** Most bytes a second, both directions together, or null; the kernel alone can keep to it. */
  readonly maxBandwidth: number | null;
  readonly specificationName: string;
  readonly dnsEnabled: boolean;
  readonly description: string;
  /** What the service's owner wrote about the connection. */
  readonly ownerNote: string;
  /** The number by which both sides name the connection; unique in the installation. */
  readonly markerId: number;
  /** Whether only sources of `sourceWhitelist` may connect. */
  readonly sourceWhitelistEnabled: boolean;
  /** Addresses and CIDRs of the consumer's network, of either family. */
  readonly sourceWhitelist: readonly string[];
  readonly tags: readonly Tag[];
  /** The latest failure of its address, or null. */
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
  /** The first revision whose snapshot holds it: a gateway that applied that one has tried its address. */
  readonly createdRevision: number;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp | null;
}

export interface Gateway {
  readonly id: GatewayId;
  readonly name: string;
  readonly tokenHash: string;
  readonly lastSeenAt: Timestamp | null;
}
