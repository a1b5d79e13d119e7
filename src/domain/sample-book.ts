import type { EndpointId } from "./ids.ts";
import type { EndpointFigures } from "./report.ts";
import type { Timestamp } from "./resources.ts";

/** Time between two samples, in seconds. */
export const sampleEveryS = 15;
/** An hour. */
const mostSamples = 240;
/** Endpoints that samples are kept of: 5 kB each. */
const mostSeries = 10_000;

/** What endpoints carried at a time, or in the time since the sample before. */
export interface Sample {
  readonly at: Timestamp;
  /** Live ones at that time. */
  readonly sessions: number;
  readonly newSessions: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly refusals: number;
}

/** What endpoints carried, turn by turn. */
export interface Throughput {
  /** Of the first turn. */
  readonly from: Timestamp;
  /** Both directions together; null for a turn without a sample. */
  readonly bytes: ReadonlyMap<EndpointId, readonly (number | null)[]>;
}

const fields = 5;
type Values = readonly [
  sessions: number,
  newSessions: number,
  bytesIn: number,
  bytesOut: number,
  refusals: number,
];

interface Series {
  /** A ring: the values of turn N are at N modulo the number of samples; NaN where there are none. */
  readonly values: Float32Array;
  lastTurn: number;
  /** When it last had sessions, or anything happened. */
  activeTurn: number;
}

/** The last hour of every endpoint that anything happened to, in memory. */
export class SampleBook {
  /** Least lately active first. */
  readonly #series = new Map<EndpointId, Series>();
  #before: ReadonlyMap<EndpointId, EndpointFigures> | undefined;

  /**
   * Takes a sample; to be called every `sampleEveryS`.
   * @param all what is known of endpoints now
   */
  record(all: Iterable<EndpointFigures>, now: Timestamp): void {
    const turn = turnOf(now);
    const current = new Map([...all].map((figures) => [figures.endpointId, figures]));
    for (const [id, figures] of current) this.#take(id, figures, turn);
    this.#before = current;
    for (const [id, { activeTurn }] of this.#series)
      if (activeTurn <= turn - mostSamples) this.#series.delete(id);
  }

  /** Returns the sums of what some endpoints carried in the last hour, oldest first. */
  samples(ids: readonly EndpointId[], now: Timestamp): readonly Sample[] {
    const newest = turnOf(now);
    const sums = new Map<number, number[]>();
    for (const id of ids) {
      const series = this.#series.get(id);
      if (series) addTo(sums, series, newest - mostSamples + 1);
    }
    return [...sums]
      .toSorted(([a], [b]) => a - b)
      .map(([turn, [sessions = 0, newSessions = 0, bytesIn = 0, bytesOut = 0, refusals = 0]]) => {
        return { at: timeOf(turn), sessions, newSessions, bytesIn, bytesOut, refusals };
      });
  }

  /**
   * Returns what each of some endpoints has carried in the last turns; who has carried nothing is left out.
   * @param turns how many, from 1 to an hour's
   */
  throughput(ids: readonly EndpointId[], turns: number, now: Timestamp): Throughput {
    const first = turnOf(now) - turns + 1;
    const bytes = new Map<EndpointId, readonly (number | null)[]>();
    for (const id of ids) {
      const series = this.#series.get(id);
      const carried = series ? bytesFrom(series, first, turns) : [];
      if (carried.some((sum) => sum !== null && sum > 0)) bytes.set(id, carried);
    }
    return { from: timeOf(first), bytes };
  }

  #take(id: EndpointId, figures: EndpointFigures, turn: number): void {
    const values = since(this.#beforeOf(id, figures), figures);
    const isActive = values.some((value) => value > 0);
    const series = this.#series.get(id) ?? (isActive ? this.#open(turn) : undefined);
    if (!series) return;
    if (isActive) {
      series.activeTurn = turn;
      this.#series.delete(id);
    }
    this.#series.set(id, series);
    write(series, values, turn);
  }

  /** What was counted before this process began to look is no news; what is new since its last look began at nothing. */
  #beforeOf(id: EndpointId, figures: EndpointFigures): EndpointFigures | undefined {
    return this.#before ? this.#before.get(id) : figures;
  }

  /** Returns a place for a series; undefined where all are taken by endpoints that something happens to. */
  #open(turn: number): Series | undefined {
    const [oldest] = this.#series;
    if (oldest && this.#series.size >= mostSeries) {
      const [id, { activeTurn }] = oldest;
      if (activeTurn >= turn - 1) return undefined;
      this.#series.delete(id);
    }
    const values = new Float32Array(mostSamples * fields).fill(Number.NaN);
    return { values, lastTurn: turn, activeTurn: turn };
  }
}

function turnOf(now: Timestamp): number {
  return Math.floor(now / (sampleEveryS * 1_000));
}

function timeOf(turn: number): Timestamp {
  return turn * sampleEveryS * 1_000;
}

function since(before: EndpointFigures | undefined, now: EndpointFigures): Values {
  return [
    now.sessions,
    growth(before?.newSessions, now.newSessions),
    growth(before?.bytesIn, now.bytesIn),
    growth(before?.bytesOut, now.bytesOut),
    growth(before && refusalsOf(before), refusalsOf(now)),
  ];
}

/** A counter that fell began anew. */
function growth(before = 0, now: number): number {
  return now >= before ? now - before : now;
}

function refusalsOf({ refusals }: EndpointFigures): number {
  return Object.values(refusals).reduce((sum, count) => sum + count, 0);
}

function write(series: Series, values: Values, turn: number): void {
  const missed = Math.min(turn - series.lastTurn - 1, mostSamples);
  for (let back = 1; back <= missed; back += 1) {
    const place = placeOf(turn - back);
    series.values.fill(Number.NaN, place, place + fields);
  }
  series.values.set(values, placeOf(turn));
  series.lastTurn = turn;
}

function addTo(sums: Map<number, number[]>, { values, lastTurn }: Series, oldest: number): void {
  const first = Math.max(oldest, lastTurn - mostSamples + 1);
  for (let turn = first; turn <= lastTurn; turn += 1) {
    const place = placeOf(turn);
    if (Number.isNaN(values[place])) continue;
    const sum = sums.get(turn) ?? Array.from({ length: fields }, () => 0);
    for (let field = 0; field < fields; field += 1)
      sum[field] = (sum[field] ?? 0) + (values[place + field] ?? 0);
    sums.set(turn, sum);
  }
}

function bytesFrom({ values, lastTurn }: Series, first: number, turns: number): readonly (number | null)[] {
  return Array.from({ length: turns }, (_, n) => {
    const turn = first + n;
    const place = placeOf(turn);
    const isKept = turn <= lastTurn && turn > lastTurn - mostSamples && !Number.isNaN(values[place]);
    return isKept ? (values[place + 2] ?? 0) + (values[place + 3] ?? 0) : null;
  });
}

function placeOf(turn: number): number {
  return (turn % mostSamples) * fields;
}
