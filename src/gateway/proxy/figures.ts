import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import { zeroFigures, type EndpointFigures } from "../../domain/report.ts";
import type { SlotTotals } from "./slots.ts";

interface Known {
  readonly figures: EndpointFigures;
  readonly slot: number | undefined;
  /** Of the slot, when its counters were read. */
  readonly changes: number;
}

/**
 * What endpoints have carried. Only of those where something has happened since is anything read: with ten thousand
 * endpoints, nobody else of the process is to notice that it is asked every second.
 */
export class Figures {
  readonly #totals: Pick<SlotTotals, "read" | "changesOf">;
  #desired: readonly DesiredEndpoint[] = [];
  /** In the order of the endpoints. */
  #known: Known[] = [];
  #figures: readonly EndpointFigures[] = [];

  constructor(totals: Pick<SlotTotals, "read" | "changesOf">) {
    this.#totals = totals;
  }

  /** Returns the figures of all endpoints, in their order; of one that has not changed the same object as before. */
  read(
    desired: readonly DesiredEndpoint[],
    slotOf: (id: EndpointId) => number | undefined,
  ): readonly EndpointFigures[] {
    let isNews = desired !== this.#desired;
    if (isNews) this.#arrange(desired);
    for (const [index, before] of this.#known.entries()) {
      const after = this.#look(before, slotOf(before.figures.endpointId));
      if (after === before) continue;
      this.#known[index] = after;
      isNews = true;
    }
    if (isNews) this.#figures = this.#known.map(({ figures }) => figures);
    return this.#figures;
  }

  #arrange(desired: readonly DesiredEndpoint[]): void {
    const known = new Map(this.#known.map((one) => [one.figures.endpointId, one]));
    this.#desired = desired;
    this.#known = desired.map(
      ({ id }) => known.get(id) ?? { figures: zeroFigures(id), slot: undefined, changes: 0 },
    );
  }

  #look(known: Known, slot: number | undefined): Known {
    // Before the counters: what is counted in the meantime is read once more.
    const changes = slot === undefined ? 0 : this.#totals.changesOf(slot);
    if (known.slot === slot && known.changes === changes) return known;
    const { endpointId } = known.figures;
    const figures = slot === undefined ? zeroFigures(endpointId) : { endpointId, ...this.#totals.read(slot) };
    return { figures, slot, changes };
  }
}
