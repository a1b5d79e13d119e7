/** The answers of the public API, as far as the CLI reads them. */

export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly engine: string;
  readonly version: string;
  readonly client_port: number;
  readonly vpc_id: string;
  readonly subnet_id: string;
  readonly nodes: readonly ClusterNode[];
  readonly service: EndpointService | null;
  readonly created_at: string;
}

export interface ClusterNode {
  readonly id: string;
  readonly url: string;
  /** null: no gateway has checked it yet. */
  readonly healthy: boolean | null;
  readonly detail?: string | null;
  readonly state?: "serving" | "draining" | "drained" | "down";
  /** Live ones; left out while they have not been counted. */
  readonly sessions?: number;
  /** These three grow while gateways run; left out where a gateway cannot tell whose bytes go to the address. */
  readonly new_sessions?: number;
  readonly bytes_in?: number;
  readonly bytes_out?: number;
}

export interface EndpointService {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly approval_enabled: boolean;
  readonly professional: boolean;
  readonly dns: boolean;
}

/** One of the services of a cluster. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly cluster_id: string;
  readonly cluster_name: string;
  /** `css`: opening the cluster made it. */
  readonly origin: string;
  readonly connections: number;
}

/** A name of the owner's own that a service has. */
export interface ServiceDomain {
  readonly id: string;
  readonly name: string;
  readonly status: "pending" | "verified" | "failed";
  /** The TXT record that proves it. */
  readonly record: { readonly name: string; readonly value: string };
  readonly problem?: string;
}

/** GET vpcepservice/connections. The mixed spelling is the published one. */
export interface ConnectionPage {
  readonly connections: readonly Connection[];
  readonly vpcServiceName: string;
  readonly permissions: readonly Permission[];
  readonly total_count: number;
}

export interface Connection {
  readonly id: string;
  readonly status: string;
  readonly maxSession: string;
  readonly vpcepIp?: string;
  /** Only of endpoints with dual stack. */
  readonly vpcepIpv6Address?: string;
  readonly domain_id: string;
  readonly created_at: string;
}

export interface Permission {
  readonly id: string;
  /** `iam:domain::ACCOUNT` or `*`. */
  readonly permission: string;
  readonly created_at: string;
}

export interface Endpoint {
  readonly id: string;
  readonly status: string;
  readonly ip: string;
  /** Only of endpoints with dual stack. */
  readonly ip6?: string;
  /** The first of them. */
  readonly port: number;
  /** Servers of earlier versions leave it out. */
  readonly ports?: readonly number[];
  /** Only with a private name. */
  readonly dns_name?: string;
  readonly service_id: string;
  readonly service_name: string;
  readonly cluster_id: string;
  readonly account_id: string;
  readonly vpc_id: string;
  readonly max_session: number;
  /** New sessions a second; only where there is a limit. */
  readonly max_connection_rate?: number;
  /** Bytes a second; only where there is a limit. */
  readonly max_bandwidth?: number;
  readonly sessions: number;
  /** Servers of earlier versions leave these three out. */
  readonly new_sessions?: number;
  readonly bytes_in?: number;
  readonly bytes_out?: number;
  /** Whether a gateway is attached to its network; else nothing is carried. */
  readonly attached: boolean;
  /** Why nothing is carried. */
  readonly note?: string;
  readonly refusals?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly created_at: string;
}

/** A live session, as the owner sees it. */
export interface Session {
  /** Unique within the endpoint. */
  readonly id: string;
  readonly endpoint: string;
  readonly source: string;
  /** Left out for consumers, and while no node has it. */
  readonly node?: string;
  readonly state: string;
  readonly started_at?: string;
  readonly age_seconds?: number;
  readonly idle_seconds?: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

export interface SessionPage {
  readonly sessions: readonly Session[];
  readonly total_count: number;
  readonly returned_count: number;
  /** Gateways that did not answer; left out where all did. */
  readonly gateways_missing?: number;
}

export interface Vpc {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  /** Only with IPv6. */
  readonly cidr6?: string;
  readonly attachment: Attachment;
  /** Where private names are served, once an endpoint has one. */
  readonly dns_address?: string;
  readonly subnets: readonly Subnet[];
}

export interface Attachment {
  readonly kind: string;
  /** With `interface`. */
  readonly device?: string;
  /** With `netns`. */
  readonly namespace?: string;
}

export interface Subnet {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  /** Only with IPv6. */
  readonly cidr6?: string;
  readonly addresses_used: number;
  readonly addresses_free: number;
}

export interface SystemStatus {
  readonly version: string;
  readonly region: string;
  /** Where private names are. */
  readonly dns_zone?: string;
  readonly revision: number;
  readonly pid: number;
  readonly gateways: readonly GatewayStatus[];
  readonly counts: {
    readonly clusters: number;
    readonly services: number;
    readonly endpoints: number;
    readonly sessions: number;
    /** Of the endpoints: those in networks that no gateway is attached to. */
    readonly unattached: number;
  };
}

export interface GatewayStatus {
  readonly id: string;
  readonly name: string;
  readonly connected: boolean;
  readonly applied_revision: number | null;
  readonly last_seen_at: string | null;
  readonly pid: number | null;
  /** Those that run; null until it has told. Servers of earlier versions leave it out. */
  readonly engines?: readonly string[] | null;
}

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
}

export interface Project {
  readonly id: string;
  readonly name: string;
}

/** What a new account signs in with; shown once. */
export interface Credentials {
  readonly account_id: string;
  readonly project_id: string;
  readonly user: string;
  readonly password: string;
  readonly access_key: string;
  readonly secret_key: string;
  readonly token: string;
}

export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly actions: readonly string[];
  /** Only in the answer that made it. */
  readonly password?: string;
  readonly created_at: string;
}

export interface AccessKey {
  readonly id: string;
  readonly user: string;
  readonly created_at: string;
}

export interface NewAccessKey {
  readonly access_key: string;
  readonly secret_key: string;
  readonly user: string;
}

/** GET explain. */
export interface ExplainedConnection {
  readonly verdict: "admitted" | "refused" | "unreachable" | "unknown";
  readonly reason?: string;
  /** Up to the deciding one. */
  readonly rules: readonly ExplainedRule[];
}

interface ExplainedRule {
  readonly name: string;
  readonly outcome: string;
  readonly reason?: string;
  readonly looked_at: string;
  readonly change?: ExplainedChange;
}

/** What would turn a decision. */
export interface ExplainedChange {
  readonly by: "owner" | "consumer" | "operator";
  readonly what: string;
  readonly command?: string;
}

/** GET refusals. */
export interface RefusalPage {
  readonly refusals: readonly Refusal[];
  readonly total_count: number;
}

interface Refusal {
  readonly reason: string;
  /** Left out: others together. */
  readonly source?: string;
  readonly endpoint: string;
  readonly account: string;
  readonly first_at: string;
  readonly last_at: string;
  readonly count: number;
}

/** Something that happened, as the list and the stream tell it. */
export interface PosternEvent {
  readonly id: number;
  readonly type: string;
  readonly timestamp: string;
  readonly resource: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventList {
  readonly events: readonly PosternEvent[];
  readonly next_after: number;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** Empty: all. */
  readonly kinds: readonly string[];
  readonly description: string;
  readonly enabled: boolean;
  readonly created_at: string;
}

export interface WebhookDelivery {
  readonly id: string;
  readonly kind: string;
  readonly resource: string;
  readonly status: "pending" | "dead";
  readonly failures: number;
  readonly next_attempt_at?: string;
  readonly problem?: string;
}

export interface WebhookTest {
  readonly delivered: boolean;
  readonly status?: number;
  readonly problem?: string;
  readonly duration_ms: number;
}
