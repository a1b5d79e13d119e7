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
