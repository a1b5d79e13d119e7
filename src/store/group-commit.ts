import { setImmediate } from "node:timers/promises";
import { sql, type Kysely } from "kysely";
import { PosternError } from "../domain/errors.ts";
import type { Schema } from "./schema.ts";

/** Most pieces of work in one group: the first of them waits for the last. */
const mostInGroup = 64;

/** @param writes that shared the transaction */
export type CommitListener = (durationMs: number, writes: number) => void;

/** One caller's work, and his promise. */
interface Piece {
  /** Does the work, and returns what to call once it is durable. */
  readonly attempt: (db: Kysely<Schema>) => Promise<() => void>;
  readonly reject: (reason: unknown) => void;
}

/**
 * Runs pieces of work one after another, and those that wait at the same time in one transaction: they share one
 * flush of the disk, which costs more than all else that a write does. Each piece is whole or undone by itself.
 */
export class GroupCommit {
  readonly #db: Kysely<Schema>;
  readonly #onCommit: CommitListener | undefined;
  readonly #beforeCommit: () => void;
  readonly #waiting: Piece[] = [];
  #isDraining = false;

  /** @param beforeCommit does, in each transaction, what it takes once for all pieces of work */
  constructor(db: Kysely<Schema>, beforeCommit: () => void = () => undefined, onCommit?: CommitListener) {
    this.#db = db;
    this.#beforeCommit = beforeCommit;
    this.#onCommit = onCommit;
  }

  /**
   * Resolves with what `work` returned once that is durable; rejects, with nothing of it done, with what it threw
   * or with the failure of the commit (PosternError storage_full where the disk is). `work` sees what the pieces before it did.
   */
  run<Result>(work: (db: Kysely<Schema>) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const attempt = async (db: Kysely<Schema>): Promise<() => void> => {
        const result = await work(db);
        return () => resolve(result);
      };
      this.#waiting.push({ attempt, reject });
      if (!this.#isDraining) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#isDraining = true;
    while (this.#waiting.length > 0) {
      // SQLite answers in the same turn of the event loop. Requests that have arrived by now are read first, or each
      // would find the one before it committed already.
      await setImmediate();
      await this.#commitGroup();
    }
    this.#isDraining = false;
  }

  /** Nobody hears of his outcome, good or bad, before it is final. */
  async #commitGroup(): Promise<void> {
    const group: Piece[] = [];
    try {
      const outcomes = await this.#db.connection().execute((db) => this.#transact(db, group));
      for (const tell of outcomes) tell();
    } catch (error) {
      // Not even a transaction could begin: whoever waits hears of it, instead of trying for ever.
      if (group.length === 0) group.push(...this.#waiting.splice(0));
      for (const piece of group) piece.reject(reasonOf(error));
    }
  }

  async #transact(db: Kysely<Schema>, group: Piece[]): Promise<readonly (() => void)[]> {
    const outcomes: (() => void)[] = [];
    const startedAt = performance.now();
    await sql`begin immediate`.execute(db);
    try {
      while (group.length < mostInGroup) {
        const piece = this.#waiting.shift();
        if (!piece) break;
        group.push(piece);
        outcomes.push(await attemptAlone(db, piece));
      }
      this.#beforeCommit();
      await sql`commit`.execute(db);
      this.#onCommit?.(performance.now() - startedAt, group.length);
      return outcomes;
    } catch (error) {
      // Where SQLite took everything back by itself (a full disk), there is nothing left to roll back.
      await sql`rollback`.execute(db).catch(() => undefined);
      throw error;
    }
  }
}

/** Does one piece; where it throws, takes back what it did and nothing else. */
async function attemptAlone(db: Kysely<Schema>, piece: Piece): Promise<() => void> {
  await sql`savepoint piece`.execute(db);
  try {
    const tell = await piece.attempt(db);
    await sql`release piece`.execute(db);
    return tell;
  } catch (error) {
    // Where SQLite took everything back by itself, the reason for that counts.
    await sql`rollback to piece`.execute(db).catch(() => Promise.reject(error as Error));
    await sql`release piece`.execute(db);
    return () => piece.reject(reasonOf(error));
  }
}

const sqliteFull = 13;

/** A full disk is nobody's fault in the program, and whoever writes is told. */
function reasonOf(error: unknown): unknown {
  if (!(error instanceof Error && "errcode" in error && error.errcode === sqliteFull)) return error;
  return new PosternError(
    "storage_full",
    "The disk of the server's data is full, so nothing was changed. Make room there, and repeat it.",
  );
}
