import type { LiveFigures } from "./generated.ts";

/** What an endpoint carries: numbers since the gateway began, but sessions are those of now. */
export type Figures = Readonly<Omit<LiveFigures, "refusals"> & Partial<LiveFigures>>;

export interface Sample extends Figures {
  /** Milliseconds since the epoch, on this browser's clock. */
  readonly at: number;
  /** Both directions together, since the sample before; 0 for the first. */
  readonly bytesPerSecond: number;
}

const mostSamples = 60;
const mostEndpoints = 5_000;
const silentMs = 5_000;
/** Figures of many endpoints come in several messages: they are one change. */
const gatherMs = 50;
const none: readonly Sample[] = [];

/** The last samples of each endpoint, for as long as the page is open. */
export class FigureHistory {
  readonly #samples = new Map<string, readonly Sample[]>();
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #lastAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Changes with the samples that came together.
   * @param everyMs no more often than that, in milliseconds; 0 for as often as they come
   */
  version(everyMs: number): number {
    return everyMs === 0 ? this.#version : Math.floor(this.#lastAt / everyMs);
  }

  /** @param at milliseconds since the epoch */
  record(all: readonly Figures[], at: number): void {
    for (const figures of all) this.#add(figures, at);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#version++;
      this.#lastAt = at;
      for (const listener of this.#listeners) listener();
    }, gatherMs);
  }

  /** Whoever carries nothing any more is not told of: his rate falls to 0 where nothing was heard for a while. */
  settle(at: number): void {
    const silent = [...this.#samples.values()].flatMap((samples) => {
      const last = samples.at(-1);
      return last && last.bytesPerSecond > 0 && at - last.at > silentMs ? [last] : [];
    });
    if (silent.length > 0) this.record(silent, at);
  }

  /** Oldest first; the same array until there is a newer sample. */
  of(endpoint: string): readonly Sample[] {
    return this.#samples.get(endpoint) ?? none;
  }

  /** Returns what ends the subscription. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #add(figures: Figures, at: number): void {
    const before = this.of(figures.endpoint);
    const sample = { ...figures, at, bytesPerSecond: rateSince(before.at(-1), figures, at) };
    // The endpoint that was heard of last is the last to be forgotten.
    this.#samples.delete(figures.endpoint);
    this.#samples.set(figures.endpoint, [...before.slice(1 - mostSamples), sample]);
    const [oldest] = this.#samples.keys();
    if (this.#samples.size > mostEndpoints && oldest !== undefined) this.#samples.delete(oldest);
  }
}

function rateSince(
  last: Sample | undefined,
  { bytes_in: into, bytes_out: out }: Figures,
  at: number,
): number {
  if (!last || at <= last.at) return 0;
  // A gateway that began anew counts from 0.
  const bytes = Math.max(0, into + out - last.bytes_in - last.bytes_out);
  return (bytes * 1_000) / (at - last.at);
}
