import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { DesiredNode } from "../../domain/desired.ts";
import type { Resolution } from "./node-groups.ts";

/** A name is asked for again after this long. */
const keptForMs = 30_000;
/** Names known at once; one more starts over. */
const mostNames = 10_000;

interface Known {
  /** undefined until the first answer. */
  readonly addresses: readonly string[] | undefined;
  readonly askedAt: number;
}

/** Returns the addresses of a host name. @throws where there are none */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Finds the addresses of nodes that were registered by name, in the background: nobody waits for a name server. */
export class NodeAddresses {
  readonly #now: () => number;
  readonly #lookup: Lookup;
  readonly #known = new Map<string, Known>();
  #news = Promise.withResolvers<void>();
  #asking = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number, find: Lookup = findAddresses) {
    this.#now = now;
    this.#lookup = find;
  }

  /** Resolves with the next answer that brings other addresses than were known; undefined while nobody is asked. */
  get news(): Promise<void> | undefined {
    return this.#asking > 0 ? this.#news.promise : undefined;
  }

  /**
   * Returns what is known of the nodes' addresses by now; what is not, or is old, is asked for. A name that cannot be
   * found keeps its last addresses, if it had any.
   */
  resolve(nodes: readonly DesiredNode[]): Resolution {
    let isPending = false;
    const resolved = nodes.flatMap((node) => {
      if (isIP(node.host)) return [node];
      const addresses = this.#addressesOf(node.host);
      isPending ||= addresses === undefined;
      return (addresses ?? []).map((host) => ({ ...node, host }));
    });
    return { nodes: resolved, isPending: isPending && resolved.length === 0 };
  }

  #addressesOf(name: string): readonly string[] | undefined {
    const known = this.#known.get(name);
    if (known && this.#now() - known.askedAt < keptForMs) return known.addresses;
    if (this.#known.size >= mostNames) this.#known.clear();
    this.#known.set(name, { addresses: known?.addresses, askedAt: this.#now() });
    void this.#ask(name, known?.addresses);
    return known?.addresses;
  }

  async #ask(name: string, before: readonly string[] | undefined): Promise<void> {
    this.#asking += 1;
    const addresses = await this.#lookup(name).catch(() => before ?? []);
    this.#asking -= 1;
    this.#known.set(name, { addresses, askedAt: this.#now() });
    if (before?.join() === addresses.join()) return;
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    resolve();
  }
}

async function findAddresses(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true, order: "verbatim" });
  return found.map(({ address }) => address).toSorted();
}
