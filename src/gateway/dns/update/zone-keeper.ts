import { setTimeout as delay } from "node:timers/promises";
import { Backoff } from "../../../lib/backoff.ts";
import type { EngineLog } from "../../engine.ts";
import type { ServerAddress } from "./exchange.ts";
import { KeptZone, mostChanges, type Names } from "./kept-zone.ts";
import { nameChanges, type WantedNames } from "./name-changes.ts";

export interface ZoneKeeperParts extends ServerAddress {
  readonly zone: string;
  /** How long answers may be kept, in seconds. */
  readonly ttlS: number;
  /** Changes of so long are sent together. */
  readonly gatherMs: number;
  /** Where it is not known of a name whether it leads anywhere, it is looked at again so soon. */
  readonly unknownMs: number;
  /** The zone is compared as a whole so often. */
  readonly reconcileMs: number;
  /** Waiting times after failures: they double from the first to the last. */
  readonly retryMs: { readonly first: number; readonly most: number };
  readonly log: EngineLog;
}

/** What the zone is to have. */
export interface Wish {
  /** Returns what there is when it is called. */
  readonly names: () => WantedNames;
  /** Whether a name, in lower case, may be touched. */
  readonly isOurs: (name: string) => boolean;
}

/**
 * Keeps the names of one network in one zone of another name server. Only the newest wish counts, so nothing queues; it
 * goes on until it has come true. Failures are logged, once each.
 */
export class ZoneKeeper {
  readonly #parts: ZoneKeeperParts;
  readonly #stop = new AbortController();
  readonly #zone: KeptZone;
  readonly #backoff: Backoff;
  readonly #running: Promise<void>;
  #wish: Wish | undefined;
  #wake = Promise.withResolvers<void>();
  /** What the zone has; undefined: it has to be asked. */
  #known: Names | undefined;
  #readAt = performance.now();
  /** When to look again without being told of a change. */
  #nextAt: number;
  #problem: string | undefined;

  constructor(parts: ZoneKeeperParts) {
    this.#parts = parts;
    this.#zone = new KeptZone(parts, parts.zone, this.#stop.signal);
    this.#backoff = new Backoff(parts.retryMs.first, parts.retryMs.most);
    this.#nextAt = this.#readAt + parts.reconcileMs;
    this.#running = this.#run();
  }

  /** The wish may have become another. */
  keep(wish: Wish): void {
    this.#wish = wish;
    this.#wake.resolve();
  }

  /** The zone stays as it is: its names go on while the gateway starts anew. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const timer = setTimeout(() => this.#wake.resolve(), this.#nextAt - performance.now());
      await this.#wake.promise;
      clearTimeout(timer);
      await this.#pause(this.#parts.gatherMs);
      this.#wake = Promise.withResolvers();
      // A change does not hurry what has failed: the name server has trouble enough.
      while (!this.#stop.signal.aborted && !(await this.#bringAbout()))
        await this.#pause(this.#backoff.next());
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  async #bringAbout(): Promise<boolean> {
    const { server, port, zone, key, log } = this.#parts;
    try {
      if (this.#wish) await this.#fulfil(this.#wish);
      if (this.#problem !== undefined) log.warn({ server, port, zone }, "a name server's zone is kept again");
      this.#problem = undefined;
      this.#backoff.reset();
      return true;
    } catch (error) {
      // What was asked for may have been done all the same.
      this.#known = undefined;
      const problem = error instanceof Error ? error.message : String(error);
      const facts = { server, port, zone, key: key.name, problem };
      if (problem !== this.#problem && !this.#stop.signal.aborted)
        log.warn(facts, "a name server's zone cannot be kept; it is tried again");
      this.#problem = problem;
      return false;
    }
  }

  async #fulfil({ names, isOurs }: Wish): Promise<void> {
    const { reconcileMs, unknownMs, ttlS } = this.#parts;
    if (!this.#known || performance.now() >= this.#readAt + reconcileMs) {
      this.#known = await this.#zone.read(isOurs);
      this.#readAt = performance.now();
    }
    const wanted = names();
    const known = new Map(this.#known);
    const changes = nameChanges(known, wanted);
    for (let start = 0; start < changes.length; start += mostChanges) {
      const part = changes.slice(start, start + mostChanges);
      await this.#zone.write(part, ttlS);
      for (const { name, addresses } of part) known.set(name, addresses);
    }
    // A name without addresses is none.
    this.#known = new Map([...known].filter(([, addresses]) => addresses.length > 0));
    const isUnknown = [...wanted.values()].includes("unknown");
    this.#nextAt = isUnknown ? performance.now() + unknownMs : this.#readAt + reconcileMs;
  }
}
