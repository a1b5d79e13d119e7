import type { EndpointId } from "../../domain/ids.ts";
import { refusalReasons } from "../../domain/refusal.ts";
import type { RefusalRecord } from "../../domain/refusal-record.ts";
import { RefusalBook, recordsOf } from "../refusal-book.ts";
import { identity } from "./nft/element.ts";
import { refusalSourceSets } from "./nft/schema.ts";
import type { Change, Listed, Tables } from "./nft/tables.ts";
import { Paced } from "./paced.ts";

/** A source that is not refused for so long gives its place to others. */
const idleMs = 10 * 60_000;

export type RefusedSourceTables = Pick<Tables, "list" | "apply">;

interface Clocks {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds since the Unix epoch. */
  readonly wallNow: () => number;
}

/** What is known of one element. */
interface Seen {
  readonly packets: number;
  readonly changedAt: number;
  readonly endpointId: EndpointId | undefined;
}

/**
 * Reads whom the kernel has refused. It adds an element for each endpoint, reason and source, within bounds, and counts
 * there for as long as the source goes on; who has been quiet is taken out here, when all that it counted was read.
 */
export class RefusedSources {
  readonly #tables: RefusedSourceTables;
  readonly #clocks: Clocks;
  readonly #book = new RefusalBook<EndpointId>();
  #seen: ReadonlyMap<string, Seen> = new Map();
  readonly #pace: Paced;

  constructor(tables: RefusedSourceTables, clocks: Clocks) {
    this.#tables = tables;
    this.#clocks = clocks;
    this.#pace = new Paced(clocks.now);
  }

  /** Takes what a predecessor counted for told. What was refused since it ended is in the endpoints' counters alone. */
  takeOver(): void {
    this.#seen = new Map(
      this.#listed().map(({ name, packets }) => [name, this.#seenNow(packets, undefined)]),
    );
  }

  /**
   * Hands out what was refused since, see {@link RefusalBook.take}.
   * @param idOf whose number it is now; undefined where it is nobody's
   * @throws NetlinkError
   */
  take(most: number, idOf: (number: number) => EndpointId | undefined): readonly RefusalRecord[] {
    if (this.#pace.isDue) this.#pace.run(() => this.#look(idOf));
    return recordsOf(this.#book.take(most), (id) => id);
  }

  #look(idOf: (number: number) => EndpointId | undefined): void {
    const seen = new Map<string, Seen>();
    const stale: Change[] = [];
    for (const { name, set, element, packets } of this.#listed()) {
      const [number = 0, place = 0, source] = element.key;
      const before = this.#seen.get(name);
      const endpointId = idOf(Number(number));
      const isOthers = before?.endpointId !== undefined && before.endpointId !== endpointId;
      const news = packets - (before?.packets ?? 0);
      const isIdle = news === 0 && before !== undefined && this.#clocks.now() - before.changedAt > idleMs;
      if (endpointId === undefined || isOthers || isIdle) {
        stale.push({ verb: "remove", set, element: { key: element.key } });
        continue;
      }
      seen.set(name, news === 0 && before ? { ...before, endpointId } : this.#seenNow(packets, endpointId));
      const reason = refusalReasons[Number(place)];
      const at = this.#clocks.wallNow();
      if (news > 0 && reason !== undefined) {
        const address = source === undefined ? null : String(source);
        this.#book.add({ key: endpointId, reason, source: address, firstAt: at, lastAt: at, count: news });
      }
    }
    this.#seen = seen;
    this.#tables.apply(stale);
  }

  #listed() {
    return refusalSourceSets.flatMap((set) =>
      this.#tables.list(set).map((element: Listed) => ({
        name: `${set} ${identity(element)}`,
        set,
        element,
        packets: element.counter?.packets ?? 0,
      })),
    );
  }

  #seenNow(packets: number, endpointId: EndpointId | undefined): Seen {
    return { packets, changedAt: this.#clocks.now(), endpointId };
  }
}
