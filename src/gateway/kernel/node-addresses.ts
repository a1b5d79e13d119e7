import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { DesiredNode } from "../../domain/desired.ts";

/** A name is asked for again after this long. */
const keptForMs = 30_000;
/** Names known at once; one more starts over. */
const mostNames = 10_000;

interface Known {
  readonly addresses: readonly string[];
  readonly askedAt: number;
}

/** Finds the addresses of nodes that were registered by name. */
export class NodeAddresses {
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns the nodes with addresses as hosts. A name that cannot be found keeps its last addresses, if it had any. */
  async resolve(nodes: readonly DesiredNode[]): Promise<readonly DesiredNode[]> {
    const resolved = await Promise.all(
      nodes.map(async ({ host, port }) =>
        (isIP(host) ? [host] : await this.#addressesOf(host)).map((address) => ({ host: address, port })),
      ),
    );
    return resolved.flat();
  }

  async #addressesOf(name: string): Promise<readonly string[]> {
    const known = this.#known.get(name);
    if (known && this.#now() - known.askedAt < keptForMs) return known.addresses;
    const addresses = await lookup(name, { all: true, order: "verbatim" }).then(
      (found) => found.map(({ address }) => address).toSorted(),
      () => known?.addresses ?? [],
    );
    if (this.#known.size >= mostNames) this.#known.clear();
    this.#known.set(name, { addresses, askedAt: this.#now() });
    return addresses;
  }
}
