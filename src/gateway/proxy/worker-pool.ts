import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { DesiredNode } from "../../domain/desired.ts";
import type { BookedRefusals } from "../refusal-book.ts";
import type {
  Change,
  ChangeResult,
  FiguresByNode,
  Question,
  SlotRecord,
  SlotSessionKey,
  SlotSessionList,
  SlotSessionQuery,
  WorkerMessage,
  WorkerRequest,
} from "./messages.ts";

export interface PoolEvents {
  refused(refusals: readonly BookedRefusals<number>[]): void;
  nodeUnreachable(node: DesiredNode): void;
  acceptFailed(message: string): void;
  ended(records: readonly SlotRecord[]): void;
  /** A worker ended unasked. Its sessions and counts are lost: nothing but a new process helps. */
  died(error: Error): void;
}

interface Awaited {
  readonly resolve: (results: unknown[]) => void;
  readonly reject: (error: Error) => void;
  readonly results: unknown[];
}

/** The worker threads of an engine. What is sent, is sent to all of them. */
export class WorkerPool {
  readonly #workers: readonly Worker[];
  readonly #events: PoolEvents;
  readonly #awaited = new Map<number, Awaited>();
  #sequence = 0;
  #alive = true;

  private constructor(workers: readonly Worker[], events: PoolEvents) {
    this.#workers = workers;
    this.#events = events;
    for (const worker of workers) {
      worker.on("message", (message: WorkerMessage) => this.#received(message));
      worker.on("error", (error) => this.#died(asError(error)));
      worker.on("exit", (code) => this.#died(new Error(`A proxy worker ended with exit code ${code}.`)));
    }
  }

  /**
   * Starts one worker for each of `setups`, its `workerData`, and waits until every one is ready.
   * @throws what a worker that cannot start threw
   */
  static async start(program: URL, setups: readonly unknown[], events: PoolEvents): Promise<WorkerPool> {
    const workers = setups.map((workerData) => new Worker(program, { workerData }));
    try {
      // The first message of a worker is "ready".
      await Promise.all(workers.map((worker) => once(worker, "message")));
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw error;
    }
    return new WorkerPool(workers, events);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Resolves to what each worker did, once all have done it.
   * @throws when the pool is closed, or a worker dies meanwhile
   */
  async broadcast(change: Change): Promise<ChangeResult[]> {
    return (await this.#ask({ kind: "change", change })) as ChangeResult[];
  }

  /** Resolves to what each worker lists. @throws as `broadcast` does */
  async list(query: SlotSessionQuery): Promise<SlotSessionList[]> {
    return (await this.#ask({ kind: "list", query })) as SlotSessionList[];
  }

  /** Resolves to whether one of the workers had the session. @throws as `broadcast` does */
  async end(session: SlotSessionKey): Promise<boolean> {
    return (await this.#ask({ kind: "end", ...session })).includes(true);
  }

  /** Resolves to what goes to nodes through each worker. @throws as `broadcast` does */
  async countByNode(): Promise<FiguresByNode[]> {
    return (await this.#ask({ kind: "countByNode" })) as FiguresByNode[];
  }

  /** Ends the threads, and with them whatever they still hold. Idempotent. */
  async close(): Promise<void> {
    this.#alive = false;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #ask(question: Question): Promise<unknown[]> {
    if (!this.#alive) return Promise.reject(new Error("The proxy engine is closed."));
    const request: WorkerRequest = { sequence: this.#sequence++, question };
    return new Promise((resolve, reject) => {
      this.#awaited.set(request.sequence, { resolve, reject, results: [] });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      for (const worker of this.#workers) worker.postMessage(request);
    });
  }

  #received(message: WorkerMessage): void {
    switch (message.kind) {
      case "answer":
        this.#answered(message.sequence, message.result);
        return;
      case "ended":
        this.#events.ended(message.records);
        return;
      case "refused":
        this.#events.refused(message.refusals);
        return;
      case "nodeUnreachable":
        this.#events.nodeUnreachable(message.node);
        return;
      case "acceptFailed":
        this.#events.acceptFailed(message.message);
        return;
      case "ready":
    }
  }

  #answered(sequence: number, result: unknown): void {
    const awaited = this.#awaited.get(sequence);
    if (awaited === undefined) return;
    awaited.results.push(result);
    if (awaited.results.length < this.#workers.length) return;
    this.#awaited.delete(sequence);
    awaited.resolve(awaited.results);
  }

  #died(error: Error): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const awaited of this.#awaited.values()) awaited.reject(error);
    this.#awaited.clear();
    this.#events.died(error);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
