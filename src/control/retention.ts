import { setImmediate } from "node:timers/promises";
import type { Store } from "../domain/store.ts";
import type { Clock } from "../lib/clock.ts";

const dayMs = 86_400_000;
const eventsKeptMs = 7 * dayMs;
const mostEventsOfProject = 100_000;
/** Somebody who comes back from a long absence still finds what did not arrive. */
const deadKeptMs = 30 * dayMs;
/** Rows that one transaction deletes: others wait for it. */
const batch = 500;
const everyMs = 10 * 60_000;

/** Forgets old events and deliveries that died long ago. */
export class Retention {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(store: Store, clock: Clock, onError: (error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onError = onError;
  }

  start(): void {
    this.#timer = setInterval(() => void this.trim().catch(this.#onError), everyMs);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
  }

  /** Forgets all that is over, in small pieces between which others have their turn. */
  async trim(): Promise<void> {
    const now = this.#clock.now();
    const steps = [
      () => this.#store.observe(({ events }) => events.trim(now - eventsKeptMs, mostEventsOfProject, batch)),
      () => this.#store.observe(({ webhooks }) => webhooks.trimDead(now - deadKeptMs, batch)),
    ];
    for (const step of steps) {
      while (!this.#isClosed && (await step()) > 0) await setImmediate();
    }
  }
}
