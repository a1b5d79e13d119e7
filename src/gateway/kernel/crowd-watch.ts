import type { EngineLog } from "../engine.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import { crowdedNetworks, judgeFill } from "./crowding.ts";
import { vpcMark } from "./nft/schema.ts";
import type { Change, Tables } from "./nft/tables.ts";

const lookMs = 250;

export interface CrowdWatchParts {
  readonly tables: Pick<Tables, "apply" | "list">;
  /** With a socket of its own, as counting takes several turns of the process. */
  readonly conntrack: Pick<Conntrack, "fill" | "countByZone">;
  /** Most flows of one network, from 1; half of the kernel's table where it is left out. */
  readonly flowsPerNetwork?: number;
  readonly log: EngineLog;
}

/**
 * Keeps one network from filling the kernel's table of flows, in which all networks have theirs: the new sessions of
 * who has more than its share are refused. It compares with what the kernel refuses at each look, so it takes over
 * what an earlier process left, and mends what somebody removed.
 */
export class CrowdWatch {
  readonly #parts: CrowdWatchParts;
  readonly #looking: NodeJS.Timeout;
  #crowded: ReadonlySet<number> | undefined;
  #isBusy = false;
  #isFailing = false;
  #counted = { at: Number.NEGATIVE_INFINITY, tookMs: 0, entries: 0 };

  private constructor(parts: CrowdWatchParts) {
    this.#parts = parts;
    this.#looking = setInterval(() => void this.#lookSafely(), lookMs);
    this.#looking.unref();
  }

  static start(parts: CrowdWatchParts): CrowdWatch {
    return new CrowdWatch(parts);
  }

  /** Leaves refused who is refused: the next gateway process takes that over. */
  close(): void {
    clearInterval(this.#looking);
  }

  async #lookSafely(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#look();
      this.#isFailing = false;
    } catch (error) {
      // Four times a second: said once is enough.
      if (!this.#isFailing) this.#parts.log.error({ err: error }, "counting the flows of networks failed");
      this.#isFailing = true;
    } finally {
      this.#isBusy = false;
    }
  }

  async #look(): Promise<void> {
    const { conntrack, flowsPerNetwork } = this.#parts;
    const before = this.#crowded ?? this.#refused();
    const limits = {
      ...conntrack.fill(),
      ...(flowsPerNetwork === undefined ? {} : { perNetwork: flowsPerNetwork }),
    };
    const { at, ...last } = this.#counted;
    const look = judgeFill(limits, before.size > 0, { ...last, agoMs: performance.now() - at });
    if (look === "nobody") this.#crowded = new Set();
    else if (look === "count") {
      const counts = await this.#count(limits.entries);
      this.#crowded = crowdedNetworks(counts, limits, before);
      this.#tell(counts, before);
    } else this.#crowded = before;
    this.#refuse(this.#crowded);
  }

  async #count(entries: number): Promise<ReadonlyMap<number, number>> {
    const startedAt = performance.now();
    const counts = new Map(await this.#parts.conntrack.countByZone());
    const at = performance.now();
    this.#counted = { at, tookMs: at - startedAt, entries };
    // The host's own, and other programs'.
    counts.delete(0);
    return counts;
  }

  #refused(): ReadonlySet<number> {
    return new Set(this.#parts.tables.list("crowded").map(({ key }) => Number(key[0]) & 0xffff));
  }

  #refuse(wanted: ReadonlySet<number>): void {
    const refused = this.#refused();
    this.#parts.tables.apply([
      ...[...refused].filter((network) => !wanted.has(network)).map((network) => change("remove", network)),
      ...[...wanted].filter((network) => !refused.has(network)).map((network) => change("add", network)),
    ]);
  }

  #tell(counts: ReadonlyMap<number, number>, before: ReadonlySet<number>): void {
    const { tables, log } = this.#parts;
    for (const network of this.#crowded ?? []) {
      if (before.has(network)) continue;
      const device = tables.list("vpc_of_interface").find(({ data }) => data?.[0] === (vpcMark | network))
        ?.key[0];
      const fields = { network, device, flows: counts.get(network) };
      log.warn(
        fields,
        "a network has more flows than its share of the kernel's table; its new sessions are refused until it has " +
          "fewer. Raise net.netfilter.nf_conntrack_max, or give --flows-per-network",
      );
    }
  }
}

function change(verb: "add" | "remove", network: number): Change {
  return { verb, set: "crowded", element: { key: [vpcMark | network] } };
}
