import type { RecentRate } from "../domain/control.ts";
import type { EndpointId } from "../domain/ids.ts";
import { zeroFigures, type EndpointFigures } from "../domain/report.ts";

/** Rates are of new sessions a second. */
const lookBackMs = 1_000;

/** What came to an endpoint between two reports. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly passed: number;
  readonly refused: number;
}

/** What came to the endpoints of one gateway process in the last second and since the report before that. */
export class RecentArrivals {
  readonly #spans = new Map<EndpointId, readonly Span[]>();
  #heardAt: number | undefined;

  /**
   * Takes a report.
   * @param figures what has changed since the report before
   * @param before all figures as of that report
   */
  note(
    figures: readonly EndpointFigures[],
    before: ReadonlyMap<EndpointId, EndpointFigures>,
    now: number,
  ): void {
    const from = this.#heardAt;
    this.#heardAt = now;
    // When what a first report tells of came, nobody knows.
    if (from === undefined) return;
    for (const id of this.#spans.keys()) this.#keep(id, this.#recent(id));
    for (const one of figures) {
      const { endpointId: id } = one;
      const known = before.get(id) ?? zeroFigures(id);
      const passed = passedBy(one) - passedBy(known);
      const refused = one.refusals.connection_rate - known.refusals.connection_rate;
      if (passed > 0 || refused > 0)
        this.#keep(id, [...this.#recent(id), { from, to: now, passed, refused }]);
    }
  }

  /** Returns what came to an endpoint; undefined where nothing did, or nothing is known. */
  read(id: EndpointId): RecentRate | undefined {
    const spans = this.#recent(id);
    const [first] = spans;
    if (!first || this.#heardAt === undefined) return undefined;
    return {
      passed: spans.reduce((sum, { passed }) => sum + passed, 0),
      refused: spans.reduce((sum, { refused }) => sum + refused, 0),
      withinMs: this.#heardAt - first.from,
    };
  }

  #recent(id: EndpointId): readonly Span[] {
    const since = (this.#heardAt ?? 0) - lookBackMs;
    return (this.#spans.get(id) ?? []).filter(({ to }) => to > since);
  }

  #keep(id: EndpointId, spans: readonly Span[]): void {
    if (spans.length === 0) this.#spans.delete(id);
    else this.#spans.set(id, spans);
  }
}

/** The rate is asked before the cap: who is refused for the cap has used it as well. */
function passedBy({ newSessions, refusals }: EndpointFigures): number {
  return newSessions + refusals.session_cap;
}
