import type { RefusalReason } from "../domain/refusal.ts";
import type { RefusalRecord } from "../domain/refusal-record.ts";

/** A record that knows its endpoint by a key of its book's. */
export type BookedRefusals<Key> = Omit<RefusalRecord, "endpointId"> & { readonly key: Key };

/** Sources of one endpoint and reason that are told apart; all further ones are one entry. */
const mostSources = 64;
/** Entries of sources, over all endpoints. */
const mostEntries = 65_536;

type Mutable<Item> = { -readonly [Field in keyof Item]: Item[Field] };

/**
 * Refusals that nobody has taken yet, added up by endpoint, reason and source. It is bounded by endpoint first: who is
 * refused ten thousand times from as many addresses takes no room of the others.
 */
export class RefusalBook<Key extends string | number> {
  readonly #mostEntries: number;
  readonly #entries = new Map<string, Mutable<BookedRefusals<Key>>>();
  /** Sources told apart, by endpoint and reason. */
  readonly #sources = new Map<string, number>();

  constructor(most: number = mostEntries) {
    this.#mostEntries = most;
  }

  /** Counts one refusal. @param at milliseconds since the Unix epoch */
  note(key: Key, reason: RefusalReason, source: string | null, at: number): void {
    this.add({ key, reason, source, firstAt: at, lastAt: at, count: 1 });
  }

  add(refusals: BookedRefusals<Key>): void {
    const { key, reason } = refusals;
    const group = `${key} ${reason}`;
    const known = refusals.source === null ? undefined : this.#entries.get(`${group} ${refusals.source}`);
    const source = known === undefined && !this.#hasRoom(group) ? null : refusals.source;
    const entry = known ?? this.#entries.get(`${group} ${source ?? ""}`);
    if (entry !== undefined) {
      entry.count += refusals.count;
      entry.firstAt = Math.min(entry.firstAt, refusals.firstAt);
      entry.lastAt = Math.max(entry.lastAt, refusals.lastAt);
      return;
    }
    if (source !== null) this.#sources.set(group, (this.#sources.get(group) ?? 0) + 1);
    this.#entries.set(`${group} ${source ?? ""}`, { ...refusals, source });
  }

  /** Hands out the oldest entries, and forgets them. @param most how many, from 1 */
  take(most: number = Number.POSITIVE_INFINITY): readonly BookedRefusals<Key>[] {
    const taken: BookedRefusals<Key>[] = [];
    for (const [name, entry] of this.#entries) {
      if (taken.length >= most) break;
      taken.push(entry);
      this.#entries.delete(name);
      this.#leave(entry);
    }
    return taken;
  }

  #hasRoom(group: string): boolean {
    return this.#entries.size < this.#mostEntries && (this.#sources.get(group) ?? 0) < mostSources;
  }

  #leave({ key, reason, source }: BookedRefusals<Key>): void {
    if (source === null) return;
    const group = `${key} ${reason}`;
    const left = (this.#sources.get(group) ?? 0) - 1;
    if (left > 0) this.#sources.set(group, left);
    else this.#sources.delete(group);
  }
}

/** @param endpointOf undefined where nobody knows the endpoint any more: its entry is left out */
export function recordsOf<Key extends string | number>(
  booked: readonly BookedRefusals<Key>[],
  endpointOf: (key: Key) => RefusalRecord["endpointId"] | undefined,
): readonly RefusalRecord[] {
  return booked.flatMap(({ key, ...rest }) => {
    const endpointId = endpointOf(key);
    return endpointId === undefined ? [] : [{ endpointId, ...rest }];
  });
}
