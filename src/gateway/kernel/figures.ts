import type { DesiredEndpoint } from "../../domain/desired.ts";
import { refusalReasons, type RefusalReason } from "../../domain/refusal.ts";
import { zeroFigures, type EndpointFigures } from "../../domain/report.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import { refusalCounter } from "./nft/schema.ts";
import type { Tables } from "./nft/tables.ts";
import { Paced } from "./paced.ts";

/** Endpoints whose counters are read at once: ten counters of each, some microseconds a counter. */
const mostAtOnce = 64;

export type FigureTables = Pick<Tables, "countersOf">;
export type LiveSessions = Pick<Conntrack, "countLive">;

/**
 * What endpoints have carried. Of a few it is read whenever it is asked for. Of many, those with sessions come first,
 * and all others in turn, so that no look takes long: what an endpoint has refused is known a little later then.
 */
export class Figures {
  readonly #tables: FigureTables;
  readonly #sessions: LiveSessions;
  readonly #pace: Paced;
  readonly #mostAtOnce: number;
  readonly #known = new Map<number, EndpointFigures>();
  #desired: readonly DesiredEndpoint[] = [];
  #figures: readonly EndpointFigures[] = [];
  #areFiguresOld = false;
  #busy: readonly number[] = [];
  /** Where the turns of the busy ones, and of all, have come to. */
  #busyTurn = 0;
  #turn = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(tables: FigureTables, sessions: LiveSessions, now: () => number, most: number = mostAtOnce) {
    this.#tables = tables;
    this.#sessions = sessions;
    this.#pace = new Paced(now);
    this.#mostAtOnce = most;
  }

  /**
   * Returns the figures of all endpoints, in their order; of one that has not changed the same object as before.
   * @param isCarried whether the kernel has counters of an endpoint
   */
  read(
    desired: readonly DesiredEndpoint[],
    isCarried: (number: number) => boolean,
  ): readonly EndpointFigures[] {
    if (this.#pace.isDue) this.#pace.run(() => this.#look(desired, isCarried));
    else if (desired === this.#desired) return this.#figures;
    this.#gather(desired);
    return this.#figures;
  }

  /** A session of the endpoint was cut. */
  countSevered(number: number): void {
    this.#note(number, { severed: (this.#known.get(number)?.severed ?? 0) + 1 });
  }

  #look(desired: readonly DesiredEndpoint[], isCarried: (number: number) => boolean): void {
    const live = this.#sessions.countLive();
    // Who has none any more has just carried something.
    const busy = new Set([...this.#busy, ...live.keys()].filter(isCarried));
    const numbers = [...this.#someOf([...busy]), ...this.#next(desired)].filter(isCarried);
    this.#busy = [...live.keys()].filter(isCarried);
    for (const [number, figures] of this.#readCounters([...new Set(numbers)])) this.#note(number, figures);
    for (const number of busy) this.#note(number, { sessions: live.get(number) ?? 0 });
  }

  /** At most half of the look is for the busy ones, so that every other one has its turn. */
  #someOf(busy: readonly number[]): readonly number[] {
    const most = Math.ceil(this.#mostAtOnce / 2);
    if (busy.length <= most) return busy;
    this.#busyTurn %= busy.length;
    const some = [...busy, ...busy].slice(this.#busyTurn, this.#busyTurn + most);
    this.#busyTurn += most;
    return some;
  }

  #next(desired: readonly DesiredEndpoint[]): readonly number[] {
    if (this.#turn >= desired.length) this.#turn = 0;
    const some = desired.slice(this.#turn, this.#turn + this.#mostAtOnce);
    this.#turn += some.length;
    return some.flatMap(({ kernel }) => kernel?.number ?? []);
  }

  #readCounters(numbers: readonly number[]): ReadonlyMap<number, Partial<EndpointFigures>> {
    const counts = (set: Parameters<FigureTables["countersOf"]>[0]): ReturnType<FigureTables["countersOf"]> =>
      this.#tables.countersOf(set, numbers);
    const [opened, bytesIn, bytesOut] = [counts("opened"), counts("bytes_in"), counts("bytes_out")];
    const refused = refusalReasons.map((reason) => [reason, counts(refusalCounter(reason))] as const);
    return new Map(
      numbers.map((number) => {
        const refusals = refused.map(([reason, count]) => [reason, count.get(number)?.packets ?? 0] as const);
        const figures = {
          newSessions: opened.get(number)?.packets ?? 0,
          bytesIn: bytesIn.get(number)?.bytes ?? 0,
          bytesOut: bytesOut.get(number)?.bytes ?? 0,
          refusals: Object.fromEntries(refusals) as Record<RefusalReason, number>,
        };
        return [number, figures];
      }),
    );
  }

  #note(number: number, news: Partial<EndpointFigures>): void {
    const before = this.#known.get(number) ?? zeroFigures("" as EndpointFigures["endpointId"]);
    const after = { ...before, ...news };
    if (areSame(before, after)) return;
    this.#known.set(number, after);
    this.#areFiguresOld = true;
  }

  #gather(desired: readonly DesiredEndpoint[]): void {
    if (desired === this.#desired && !this.#areFiguresOld) return;
    this.#desired = desired;
    this.#areFiguresOld = false;
    this.#figures = desired.map(({ id, kernel }) => {
      const number = kernel?.number ?? 0;
      const known = this.#known.get(number);
      if (known?.endpointId === id) return known;
      const figures = { ...(known ?? zeroFigures(id)), endpointId: id };
      this.#known.set(number, figures);
      return figures;
    });
    if (this.#known.size <= desired.length) return;
    const numbers = new Set(desired.map(({ kernel }) => kernel?.number ?? 0));
    for (const number of this.#known.keys()) if (!numbers.has(number)) this.#known.delete(number);
  }
}

function areSame(before: EndpointFigures, after: EndpointFigures): boolean {
  return (
    before.sessions === after.sessions &&
    before.newSessions === after.newSessions &&
    before.bytesIn === after.bytesIn &&
    before.bytesOut === after.bytesOut &&
    before.severed === after.severed &&
    refusalReasons.every((reason) => before.refusals[reason] === after.refusals[reason])
  );
}
