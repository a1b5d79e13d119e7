/** Most connections at once: of the gateway, of one network, and of one address in it. */
export interface MostConnections {
  readonly inAll: number;
  readonly ofNetwork: number;
  readonly ofSource: number;
}

/** Counts connections to name servers. Nobody can take what others need: the limits are each a part of the next. */
export class ConnectionLimits {
  readonly #most: MostConnections;
  readonly #counts = new Map<string, number>();

  constructor(most: MostConnections) {
    this.#most = most;
  }

  /** Returns the way to leave again, which is called once; undefined where the connection is one too many. */
  enter(network: string, source: string): (() => void) | undefined {
    const { inAll, ofNetwork, ofSource } = this.#most;
    const counted = [
      ["", inAll],
      [network, ofNetwork],
      [`${network} ${source}`, ofSource],
    ] as const;
    if (counted.some(([key, most]) => (this.#counts.get(key) ?? 0) >= most)) return undefined;
    for (const [key] of counted) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return () => {
      for (const [key] of counted) this.#leave(key);
    };
  }

  #leave(key: string): void {
    const left = (this.#counts.get(key) ?? 0) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
