import type { RotatingFile } from "../lib/rotating-file.ts";
import type { EngineLog } from "./engine.ts";
import { flowLine, timeText, type FlowRecord, type FlowRecordSink } from "./flow-record.ts";

/** A record is in the file so long after it was taken, at most, where the disk is well. */
const flushMs = 250;
/** What waits for the disk; beyond that records are dropped. About 50,000. */
const mostWaitingBytes = 16 * 1024 * 1024;
const linesAtOnce = 2_000;
const closeLimitMs = 2_000;

/** Where lines go; see {@link RotatingFile}. */
export type LineFile = Pick<RotatingFile, "append" | "close">;
/** The kernel's events came too fast, the disk is too slow, or it does not take anything. */
type Loss = "overrun" | "queue" | "disk";

/**
 * Writes records of ended sessions as JSON lines. Nobody waits for the disk: what it does not take in time is dropped,
 * and a line says so as soon as one can be written.
 */
export class FlowLog implements FlowRecordSink {
  readonly #file: LineFile;
  readonly #log: EngineLog;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #isFailing = false;
  #isClosed = false;
  /** Since the last line about losses; an overrun is counted as one, as nobody knows how many records it took. */
  readonly #losses = new Map<Loss, number>();

  constructor(file: LineFile, log: EngineLog) {
    this.#file = file;
    this.#log = log;
  }

  record(record: FlowRecord): void {
    if (this.#isClosed) return;
    const line = `${flowLine(record)}\n`;
    if (this.#waitingBytes + line.length > mostWaitingBytes) {
      this.#lose(this.#isFailing ? "disk" : "queue", 1);
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#flushSoon();
  }

  overrun(): void {
    if (this.#isClosed) return;
    this.#log.warn({}, "Sessions ended faster than the flow log takes them; records of some are missing.");
    this.#lose("overrun", 1);
    this.#flushSoon();
  }

  /** Writes what waits, for 2 s at most. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, closeLimitMs);
    await Promise.race([this.#writeAll(), limit.promise]);
    clearTimeout(timer);
    const records = this.#waiting.length;
    if (records > 0)
      this.#log.error({ records }, "The flow log ends without records that its disk did not take.");
    await this.#file.close();
  }

  #lose(cause: Loss, count: number): void {
    this.#losses.set(cause, (this.#losses.get(cause) ?? 0) + count);
  }

  #flushSoon(): void {
    if (this.#writing) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#writeAll();
    }, flushMs).unref();
  }

  #writeAll(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      // What came meanwhile, or did not get through, has its turn later.
      if (!this.#isClosed && (this.#waiting.length > 0 || this.#losses.size > 0)) this.#flushSoon();
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0 || this.#losses.size > 0) {
      const lost = new Map(this.#losses);
      const lines = this.#waiting.slice(0, linesAtOnce);
      try {
        await this.#file.append(Buffer.from(lossLines(lost) + lines.join("")));
      } catch (error) {
        this.#failed(error);
        return;
      }
      if (this.#isFailing) this.#log.warn({}, "The flow log is written again.");
      this.#isFailing = false;
      this.#waiting.splice(0, lines.length);
      this.#waitingBytes -= lines.reduce((sum, line) => sum + line.length, 0);
      for (const [cause, count] of lost) this.#told(cause, count);
    }
  }

  #told(cause: Loss, count: number): void {
    const left = (this.#losses.get(cause) ?? 0) - count;
    if (left > 0) this.#losses.set(cause, left);
    else this.#losses.delete(cause);
  }

  #failed(error: unknown): void {
    if (!this.#isFailing) {
      this.#log.error(
        { err: error },
        "The flow log cannot be written; records wait, and are dropped when too many do. Is its disk full?",
      );
    }
    this.#isFailing = true;
  }
}

function lossLines(losses: ReadonlyMap<Loss, number>): string {
  const time = timeText(Date.now());
  return [...losses]
    .map(([cause, count]) => {
      const what = cause === "overrun" ? { overruns: count } : { records: count };
      return `${JSON.stringify({ time, event: "lost", cause, ...what })}\n`;
    })
    .join("");
}
