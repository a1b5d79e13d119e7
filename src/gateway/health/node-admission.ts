import { fullWeight } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import {
  faultOf,
  goodConduct,
  withCheck,
  withConnectFailure,
  type CheckResult,
  type NodeConduct,
} from "./outlier.ts";
import { nextShareInMs, shareAfter } from "./slow-return.ts";

const firstRemovalMs = 10_000;
const longestRemovalMs = 300_000;
/** A node that was in service for so long starts with the shortest removal again. */
const forgivenAfterMs = 300_000;

/** A time in which a node gets no new sessions though it answers. */
export interface Removal {
  /** How long it is, all told. */
  readonly forMs: number;
  readonly untilMs: number;
  /** In words. */
  readonly reason: string;
}

interface Known {
  isHealthy: boolean;
  isDraining: boolean;
  conduct: NodeConduct;
  removal: Removal | undefined;
  /** Removals in a row. */
  removals: number;
  lastRemovedUntilMs: number;
  /** Whether it got new sessions at the last update; undefined before the first. */
  wasServing: boolean | undefined;
  returnedAtMs: number | undefined;
}

/** A node of a cluster, and whether its owner keeps new sessions away. */
export interface AdmittedNode {
  readonly id: NodeId;
  readonly isDraining: boolean;
}

/**
 * Decides which nodes get new sessions, and what share. A node that answers and yet is much worse than the others of its
 * cluster is taken out for a while that doubles each time; one that comes back gets a rising share. No more than half of
 * the nodes that could serve are ever taken out so, and never the last one. It knows no clock: each call is given the time,
 * in milliseconds of a clock that never goes back.
 */
export class NodeAdmission {
  #clusters: readonly (readonly NodeId[])[] = [];
  readonly #known = new Map<NodeId, Known>();

  /** Knows exactly these nodes from now on, by cluster. */
  watch(clusters: readonly (readonly AdmittedNode[])[]): void {
    const present = new Set(clusters.flat().map(({ id }) => id));
    for (const id of this.#known.keys()) if (!present.has(id)) this.#known.delete(id);
    for (const { id, isDraining } of clusters.flat()) this.#of(id).isDraining = isDraining;
    this.#clusters = clusters.map((nodes) => nodes.map(({ id }) => id));
  }

  /** A node is another one by now: what is known of it is forgotten. */
  forget(id: NodeId): void {
    const isDraining = this.#known.get(id)?.isDraining ?? false;
    if (this.#known.delete(id)) this.#of(id).isDraining = isDraining;
  }

  /** Takes in a health check, and whether the node counts as healthy after it. */
  checked(id: NodeId, check: CheckResult, isHealthy: boolean): void {
    const known = this.#known.get(id);
    if (!known) return;
    // What it did before it was down says nothing of how it comes back.
    known.conduct = isHealthy && known.isHealthy ? withCheck(known.conduct, check) : goodConduct;
    if (!isHealthy) known.removal = undefined;
    known.isHealthy = isHealthy;
  }

  connectFailed(id: NodeId, nowMs: number): void {
    const known = this.#known.get(id);
    if (known?.isHealthy) known.conduct = withConnectFailure(known.conduct, nowMs);
  }

  /** Decides anew. To be called after each change, and when `nextTurnAt` has come. */
  update(nowMs: number): void {
    for (const cluster of this.#clusters) {
      const nodes = cluster.map((id) => this.#of(id));
      for (const known of nodes)
        if (known.removal && known.removal.untilMs <= nowMs) known.removal = undefined;
      this.#decide(nodes.filter(couldServe), nowMs);
      for (const known of nodes) noteReturn(known, nowMs);
    }
  }

  /** Returns a node's share of new sessions as of the last update, 0 to `fullWeight`; a whole one where all are equal. */
  shares(nowMs: number): ReadonlyMap<NodeId, number> {
    return new Map(
      this.#clusters.flatMap((cluster) => {
        const shares = cluster.map((id) => this.#shareOf(id, nowMs));
        const [first = 0, ...others] = shares.filter((share) => share > 0);
        const areEqual = others.every((share) => share === first);
        return cluster.map((id, index): [NodeId, number] => {
          const share = shares[index] ?? 0;
          return [id, share > 0 && areEqual ? fullWeight : share];
        });
      }),
    );
  }

  removal(id: NodeId): Removal | undefined {
    return this.#known.get(id)?.removal;
  }

  /** When something else may be decided though nothing happens; undefined: never. */
  nextTurnAt(nowMs: number): number | undefined {
    const turns = [...this.#known.values()].flatMap(({ removal, returnedAtMs, wasServing }) => {
      const nextMs =
        returnedAtMs !== undefined && wasServing ? nextShareInMs(nowMs - returnedAtMs) : undefined;
      return [...(removal ? [removal.untilMs] : []), ...(nextMs === undefined ? [] : [nowMs + nextMs])];
    });
    return turns.length > 0 ? Math.min(...turns) : undefined;
  }

  /** @param nodes those that could serve, whether they are taken out or not */
  #decide(nodes: readonly Known[], nowMs: number): void {
    let room = Math.floor(nodes.length / 2);
    for (const known of nodes) {
      if (!known.removal) continue;
      if (room > 0) room -= 1;
      else known.removal = undefined;
    }
    for (const known of nodes) {
      if (room === 0 || known.removal) continue;
      const others = nodes.filter((other) => other !== known && !other.removal);
      const reason = faultOf(
        known.conduct,
        others.map(({ conduct }) => conduct),
        nowMs,
      );
      if (reason === undefined) continue;
      remove(known, reason, nowMs);
      room -= 1;
    }
  }

  #shareOf(id: NodeId, nowMs: number): number {
    const { wasServing, returnedAtMs } = this.#of(id);
    if (wasServing !== true) return 0;
    return returnedAtMs === undefined ? fullWeight : shareAfter(nowMs - returnedAtMs);
  }

  #of(id: NodeId): Known {
    const known = this.#known.get(id) ?? {
      isHealthy: true,
      isDraining: false,
      conduct: goodConduct,
      removal: undefined,
      removals: 0,
      lastRemovedUntilMs: 0,
      wasServing: undefined,
      returnedAtMs: undefined,
    };
    this.#known.set(id, known);
    return known;
  }
}

function couldServe({ isHealthy, isDraining }: Known): boolean {
  return isHealthy && !isDraining;
}

function remove(known: Known, reason: string, nowMs: number): void {
  const isForgiven = nowMs - known.lastRemovedUntilMs >= forgivenAfterMs;
  known.removals = isForgiven ? 1 : known.removals + 1;
  const forMs = Math.min(longestRemovalMs, firstRemovalMs * 2 ** (known.removals - 1));
  known.removal = { forMs, untilMs: nowMs + forMs, reason };
  known.lastRemovedUntilMs = nowMs + forMs;
  known.conduct = goodConduct;
}

function noteReturn(known: Known, nowMs: number): void {
  const isServing = couldServe(known) && !known.removal;
  if (isServing && known.wasServing === false) known.returnedAtMs = nowMs;
  known.wasServing = isServing;
}
