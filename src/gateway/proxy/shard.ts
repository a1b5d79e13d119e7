import { compareSortKeys, type SortKey } from "../../domain/live-session.ts";
import { Endpoint } from "./endpoint.ts";
import { listenFailure } from "./listen-failure.ts";
import { Listener } from "./listener.ts";
import type { ListenerContext } from "./listener.ts";
import type {
  Change,
  ChangeResult,
  FiguresByNode,
  ListenerKey,
  ListenFailure,
  SlotSession,
  SlotSessionKey,
  SlotSessionList,
  SlotSessionQuery,
  SlotState,
} from "./messages.ts";
import type { Session } from "./session.ts";
import type { SlotCounters } from "./slots.ts";

interface Entry {
  readonly endpoint: Endpoint;
  /** By "address port". */
  readonly listeners: Map<string, Listener>;
}

/** One worker's share of the engine: its listeners of every endpoint. */
export class Shard {
  readonly #counters: SlotCounters;
  readonly #context: ListenerContext;
  readonly #workerShare: number;
  readonly #entries = new Map<number, Entry>();

  /** @param workerShare see {@link Endpoint} */
  constructor(counters: SlotCounters, context: ListenerContext, workerShare: number) {
    this.#counters = counters;
    this.#context = context;
    this.#workerShare = workerShare;
  }

  /** Resolves when the change is in force: nothing that it forbids passes any more. */
  async apply(change: Change): Promise<ChangeResult> {
    // All of these start before the first is awaited: what is severed is severed in this turn of the loop.
    const severed = await Promise.all([
      ...change.remove.map((slot) => this.#remove(slot)),
      ...change.close.map((key) => this.#close(key)),
      ...change.set.map((state) => this.#set(state)),
    ]);
    const failures: ListenFailure[] = [];
    for (const key of change.listen) {
      const failure = await this.#listen(key);
      if (failure !== null) failures.push(failure);
    }
    return { severedSessions: sum(severed), failures };
  }

  sweep(): void {
    for (const { listeners } of this.#entries.values()) {
      for (const listener of listeners.values()) listener.sweep();
    }
  }

  /** To be called from time to time, in equal distances: a session is at rest when nothing passed between two calls. */
  closeResting(): void {
    for (const { endpoint, listeners } of this.#entries.values()) {
      if (!endpoint.isEndingSome) continue;
      for (const listener of listeners.values()) listener.closeResting();
    }
  }

  countByNode(): FiguresByNode {
    return this.#context.nodeTotals.read(this.#allSessions());
  }

  list({ slots, order = "age", limit }: SlotSessionQuery): SlotSessionList {
    const found: { slot: number; session: Session; key: SortKey }[] = [];
    for (const slot of slots ?? this.#entries.keys()) {
      for (const session of this.#sessionsOf(slot))
        found.push({ slot, session, key: session.sortKey(order) });
    }
    found.sort((one, other) => compareSortKeys(one.key, other.key));
    return { total: found.length, sessions: found.slice(0, limit).flatMap(describe) };
  }

  /** Ends a session as severing does. Resolves to whether it was there, when not one byte passes any more. */
  async end({ slot, session: key }: SlotSessionKey): Promise<boolean> {
    for (const session of this.#sessionsOf(slot)) {
      if (!session.is(key)) continue;
      await session.reset();
      return true;
    }
    return false;
  }

  *#allSessions(): Generator<Session, undefined> {
    for (const slot of this.#entries.keys()) yield* this.#sessionsOf(slot);
  }

  *#sessionsOf(slot: number): Generator<Session, undefined> {
    for (const { sessions } of this.#entries.get(slot)?.listeners.values() ?? []) yield* sessions;
  }

  async #remove(slot: number): Promise<number> {
    const entry = this.#entries.get(slot);
    if (entry === undefined) return 0;
    this.#entries.delete(slot);
    return sum(await Promise.all([...entry.listeners.values()].map((listener) => listener.close())));
  }

  async #close(key: ListenerKey): Promise<number> {
    const entry = this.#entries.get(key.slot);
    const listener = entry?.listeners.get(nameOf(key));
    if (entry === undefined || listener === undefined) return 0;
    entry.listeners.delete(nameOf(key));
    return listener.close();
  }

  async #set(state: SlotState): Promise<number> {
    const entry = this.#entries.get(state.slot);
    if (entry === undefined) {
      const endpoint = new Endpoint(state, this.#counters, this.#workerShare);
      this.#entries.set(state.slot, { endpoint, listeners: new Map() });
      return 0;
    }
    entry.endpoint.update(state);
    const listeners = [...entry.listeners.values()];
    if (state.refusal !== null) return sum(await Promise.all(listeners.map((listener) => listener.sever())));
    const misled = listeners.map((listener) => listener.severMisled());
    const strangers = entry.endpoint.isFiltered ? listeners.map((listener) => listener.severStrangers()) : [];
    const away = entry.endpoint.isEndingSome ? listeners.map((listener) => listener.severAway()) : [];
    return sum(await Promise.all([...misled, ...strangers, ...away]));
  }

  async #listen(key: ListenerKey): Promise<ListenFailure | null> {
    const entry = this.#entries.get(key.slot);
    if (entry === undefined) return listenFailure(key, new Error("the endpoint is not known to the worker"));
    const listener = new Listener(entry.endpoint, key, this.#context);
    try {
      await listener.listen();
    } catch (error) {
      return listenFailure(key, error);
    }
    entry.listeners.set(nameOf(key), listener);
    return null;
  }
}

/** Nothing of a session whose consumer has just gone. */
function describe({ slot, session }: { slot: number; session: Session }): readonly SlotSession[] {
  const described = session.describe();
  return described ? [{ slot, ...described }] : [];
}

function nameOf(key: ListenerKey): string {
  return `${key.address} ${key.port}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
