import type { DesiredEndpoint, DesiredNetwork } from "../domain/desired.ts";
import type { EndpointId, NodeId } from "../domain/ids.ts";
import type { RefusalRecord } from "../domain/refusal-record.ts";
import type { EndpointFailure, EndpointFigures, EngineKind, NodeFigures } from "../domain/report.ts";
import type { SessionKey, SessionList, SessionQuery } from "../domain/live-session.ts";
import type { Resolver } from "../domain/snapshot.ts";

/** What one `apply` did. */
export interface ApplyReport {
  /** Live sessions that were cut because they are no longer allowed. */
  readonly severedSessions: number;
  /** Every endpoint that is not up now, whether this call or an earlier one found that out. */
  readonly failures: readonly EndpointFailure[];
  /** Endpoints of which it is still being found out whether they can be brought up: they are not. None without it. */
  readonly coming?: readonly EndpointId[];
  /** Resolves when another `apply` brings about more of the same; left out while nothing is under way. Never rejects. */
  readonly news?: Promise<void>;
  /** Where names can be served in networks that the kernel carries; none where it is left out. */
  readonly resolvers?: readonly KernelResolver[];
}

/** An address of a network that the kernel carries, which is answered for there. */
export interface KernelResolver extends Resolver {
  readonly device: string;
  /** An interface that was made anew has the same name and another index. */
  readonly deviceIndex: number;
  /** Packets that have it go to this network. */
  readonly mark: number;
}

/**
 * Carries the sessions of endpoints (design, section 7). Three verbs, no add/remove pairs.
 */
export interface Engine {
  /** What runs of it. */
  readonly kinds: readonly EngineKind[];
  /**
   * Brings about `desired`, the complete list of endpoints. Idempotent: the same list twice changes nothing.
   * Once the promise resolves, not one more byte passes through an endpoint that is missing from the list or
   * has a refusal, and every address of the list accepts (or refuses, with the reason counted), but for those that
   * are still coming: nobody waits for them.
   * Sessions that are still allowed are not touched. An endpoint that cannot be brought up is reported in
   * `failures` and tried again by the next `apply`; it never fails the others.
   * Calls are made one at a time.
   * @param networks where `desired` lies, but for loopback networks
   */
  apply(desired: readonly DesiredEndpoint[], networks: readonly DesiredNetwork[]): Promise<ApplyReport>;
  /** Counters of every endpoint of the last `apply`. */
  figures(): readonly EndpointFigures[];
  /**
   * Hands out what was refused since, and forgets it: added up, within bounds for each endpoint, about a second late.
   * @param most how many records, from 1; the others are kept for the next call
   */
  takeRefusals(most: number): readonly RefusalRecord[];
  /**
   * What goes to nodes, by the ids of the last `apply`: to each that sessions may go to, and that they have gone to.
   * Undefined while that has not been counted since then.
   */
  figuresByNode(): Promise<ReadonlyMap<NodeId, NodeFigures> | undefined>;
  /** The sessions of this moment, without those that are only remembered. May take seconds where there are a million. */
  sessions(query: SessionQuery): Promise<SessionList>;
  /**
   * Ends one session: both ends see a reset, and its place under the cap is free. Others are not touched, and nobody is
   * kept from connecting again.
   * @returns whether there was one; when the promise resolves, not one byte of it passes any more
   */
  end(endpointId: EndpointId, session: SessionKey): Promise<boolean>;
  /**
   * Ends this process's part. Idempotent. What a process carries itself is cut and its addresses are freed; what the
   * kernel carries goes on, for the next gateway process to take over.
   */
  close(): Promise<void>;
}

export interface EngineLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
