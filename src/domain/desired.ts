import type { EndpointId } from "./ids.ts";
import type { RefusalReason } from "./refusal.ts";
import type { ServicePort } from "./resources.ts";

/** What an engine is to bring about: one entry an endpoint, engine-neutral, complete. */
export interface DesiredEndpoint {
  readonly id: EndpointId;
  readonly address: string;
  readonly clientPorts: readonly number[];
  readonly maxSession: number;
  /** Why every new connection is refused and every live one cut, or null. */
  readonly refusal: RefusalReason | null;
  /**
   * IPv4 addresses and CIDRs that may connect; all others get `source_not_allowed`, and their live sessions are cut.
   * Everybody may where it is left out.
   */
  readonly sources?: readonly string[];
  /** Healthy nodes in a stable order. Empty: new connections get `no_healthy_node`, live ones stay. */
  readonly nodes: readonly DesiredNode[];
  /** Client ports that lead to another port of each node's host than the node's own. */
  readonly serverPorts?: readonly ServicePort[];
}

export interface DesiredNode {
  readonly host: string;
  readonly port: number;
}
