import type { DesiredNode } from "../../../domain/desired.ts";
import type { NodeId } from "../../../domain/ids.ts";
import type { NodeTraffic } from "../../../domain/report.ts";
import type { Flow } from "../conntrack/flow.ts";
import { relayAddress } from "../nft/schema.ts";

/**
 * Carries sessions of IPv6 consumers to nodes that have IPv4 only: the rules cannot translate between families, so they
 * lead these to a socket of this host, which connects to a node. Admission, caps and counters stay the rules' own.
 */
export interface Relay {
  /**
   * Takes sessions for exactly these groups. Sessions of groups that are gone go on until they are cut.
   * @param groups nodes by the group's number
   * @returns the port at the relay's address by group; a group that has none cannot be served, which is logged
   */
  apply(groups: ReadonlyMap<number, readonly DesiredNode[]>): Promise<ReadonlyMap<number, number>>;
  /**
   * Ends sessions, each known by the port that it comes from at the relay's address. Resolves when not one byte of them
   * passes any more.
   */
  cut(ports: readonly number[]): Promise<void>;
  /** The node of a session that is known by its port, as in `cut`; undefined where there is none yet, or no such session. */
  nodeOf(port: number): DesiredNode | undefined;
  /** What sessions have carried to nodes and from them since the start, live ones too. */
  traffic(): ReadonlyMap<NodeId, NodeTraffic>;
  /** Ends everything. */
  close(): void;
}

/** Returns the port by which the relay knows a session, as in `cut`; undefined where it does not carry it. */
export function relayPortOf({ source, destinationPort }: Flow["reply"]): number | undefined {
  return source === relayAddress ? destinationPort : undefined;
}
