/** What pages call the answers that they read; all of them are generated from the API's description. */
export type { Session as SessionInfo } from "./generated.ts";

export type EndpointStatus = "creating" | "pendingAcceptance" | "accepted" | "rejected" | "failed";

/** GET endpoints/{id}. */
export interface EndpointInfo {
  readonly id: string;
  readonly status: EndpointStatus;
  readonly ip: string;
  readonly ip6?: string;
  readonly port: number;
  readonly ports: readonly number[];
  readonly service_name: string;
  readonly vpc_id: string;
  readonly subnet_id: string;
  readonly max_session: number;
  readonly dns_name?: string;
  readonly note?: string;
  readonly description: string;
  readonly sessions: number;
  readonly new_sessions: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly created_at: string;
}

/** GET endpoints/{id}/sessions, of one. */
export interface SessionRow {
  readonly id: string;
  readonly source: string;
  readonly state: string;
  readonly age_seconds?: number;
  readonly idle_seconds?: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

/** GET endpoints/{id}/refusals, of one. */
export interface RefusalRow {
  readonly reason: string;
  readonly rule: string;
  readonly source?: string;
  readonly first_at: string;
  readonly last_at: string;
  readonly count: number;
}

/** GET explain. */
export interface Explanation {
  readonly verdict: "admitted" | "refused" | "unreachable" | "unknown";
  readonly rules: readonly {
    readonly name: string;
    readonly outcome: "passed" | "refused" | "unreachable" | "unknown";
    readonly looked_at: string;
    readonly change?: { readonly by: string; readonly command?: string };
  }[];
}

/** What a write would do: the answer to X-Postern-Dry-Run. */
export interface DryRunPlan {
  readonly sessions_cut: number;
}

export interface SubnetInfo {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  readonly cidr6?: string;
  readonly addresses_used: number;
  readonly addresses_free: number;
}

export type AttachmentKind = "loopback" | "none" | "interface" | "netns";

/** GET vpcs/{id}. */
export interface VpcInfo {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  readonly cidr6?: string;
  readonly attachment: {
    readonly kind: AttachmentKind;
    readonly device?: string;
    readonly namespace?: string;
  };
  readonly dns_address?: string;
  readonly subnets: readonly SubnetInfo[];
  readonly created_at: string;
}

/** GET status. */
export interface StatusInfo {
  readonly version: string;
  readonly region: string;
  readonly dns_zone: string;
  readonly revision: number;
  readonly gateways: readonly GatewayInfo[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface GatewayInfo {
  readonly id: string;
  readonly name: string;
  readonly connected: boolean;
  readonly applied_revision: number | null;
  readonly pid: number | null;
  readonly last_seen_at: string | null;
}

/** GET clusters/{id}. */
export interface Cluster {
  readonly id: string;
  readonly name: string;
  readonly engine: string;
  readonly version: string;
  readonly client_port: number;
  readonly nodes: readonly ClusterNode[];
  readonly service: ClusterService | null;
  readonly created_at: string;
}

export interface ClusterNode {
  readonly id: string;
  readonly url: string;
  readonly state: string;
  readonly healthy: boolean | null;
  readonly detail: string;
  readonly sessions?: number;
  readonly drain?: { readonly since: string; readonly cut_at?: string };
}

export interface ClusterService {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly approval_enabled: boolean;
  readonly reconcile_connections: boolean;
  readonly dns: boolean;
  readonly professional: boolean;
}

/** GET clusters/{id}/connections. */
export interface Connection {
  readonly id: string;
  readonly status: string;
  readonly ip: string;
  readonly ip6?: string;
  readonly dns_name?: string;
  readonly vpc_id: string;
  readonly account_id: string;
  readonly max_session: number;
  readonly specification_name: string;
  readonly description: string;
  readonly sessions: number;
  readonly new_sessions: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** By reason. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly created_at: string;
  readonly updated_at?: string;
}

/** The answer to a write with `X-Postern-Dry-Run: true`. */
export interface Plan {
  readonly endpoints: readonly PlannedEndpoint[];
  readonly sessions_cut: number;
  readonly sessions_cut_up_to?: number;
  readonly accounts_losing_access: readonly string[];
}

export interface PlannedEndpoint {
  readonly id: string;
  readonly account_id: string;
  readonly effect: "created" | "deleted" | "cut" | "admitted" | "narrowed" | "moved";
  readonly sessions: number;
  readonly up_to?: number;
}
