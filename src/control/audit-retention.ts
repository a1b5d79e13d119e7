import { setImmediate, setTimeout } from "node:timers/promises";
import type { AuditLog } from "../domain/audit-log.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";

const dayMs = 86_400_000;
const roundMs = 3_600_000;

/** Forgets what is older than the audit trail is kept, in small batches, once an hour. */
export class AuditRetention {
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #log: Logger;
  readonly #ended = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** @param days for which events are kept, from 1 */
  constructor(audit: AuditLog, clock: Clock, days: number, log: Logger) {
    this.#audit = audit;
    this.#clock = clock;
    this.#keptMs = days * dayMs;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when nothing of it works any more. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  /** Forgets everything that is too old now. @returns how many events that were */
  async trim(): Promise<number> {
    const before = this.#clock.now() - this.#keptMs;
    let total = 0;
    while (!this.#ended.signal.aborted) {
      const gone = await this.#audit.trim(before);
      if (gone === 0) break;
      total += gone;
      // Whoever writes has his turn in between.
      await setImmediate();
    }
    return total;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        const gone = await this.trim();
        if (gone > 0) this.#log.info({ events: gone }, "the audit trail was trimmed");
      } catch (error) {
        this.#log.error({ err: error }, "the audit trail could not be trimmed");
      }
      // Ends early, and with an error, when it is told to stop.
      await setTimeout(roundMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
