import { array, assert, integer, oneof, property, record } from "fast-check";
import { expect, test } from "vitest";
import type { EndpointId } from "../domain/ids.ts";
import { explain, type ExplainFacts } from "../domain/explain.ts";
import type { EndpointFigures } from "../domain/report.ts";
import {
  accountId,
  aCluster,
  anEndpoint,
  aService,
  aVpc,
  endpointId,
  gatewayId,
  noRefusals,
  someFigures,
} from "../domain/test-fixtures.ts";
import { RecentArrivals } from "./recent-arrivals.ts";

/** A gateway that reports what has changed, and the book that hears of it. */
class Reporter {
  readonly book = new RecentArrivals();
  readonly #known = new Map<EndpointId, EndpointFigures>();

  report(figures: EndpointFigures | undefined, now: number): void {
    this.book.note(figures ? [figures] : [], this.#known, now);
    if (figures) this.#known.set(figures.endpointId, figures);
  }
}

/** The kernel's limit: so many a second, and as many at once. */
class Bucket {
  readonly #rate: number;
  #tokens: number;
  #at = 0;

  constructor(rate: number) {
    this.#rate = rate;
    this.#tokens = rate;
  }

  hasRoom(now: number): boolean {
    this.#tokens = Math.min(this.#rate, this.#tokens + ((now - this.#at) / 1_000) * this.#rate);
    this.#at = now;
    return this.#tokens >= 1;
  }

  take(now: number): boolean {
    const hasRoom = this.hasRoom(now);
    if (hasRoom) this.#tokens -= 1;
    return hasRoom;
  }
}

function counted(passed: number, refused: number, overCap = 0): EndpointFigures {
  const refusals = { ...noRefusals, connection_rate: refused, session_cap: overCap };
  return someFigures({ newSessions: passed - overCap, refusals });
}

test("what came is told for a second, with the time that it came in, and forgotten then", () => {
  const gateway = new Reporter();
  // How long these took to come nobody knows.
  gateway.report(counted(50, 9), 0);
  expect(gateway.book.read(endpointId)).toBeUndefined();
  gateway.report(counted(53, 9), 1_000);
  expect(gateway.book.read(endpointId)).toEqual({ passed: 3, refused: 0, withinMs: 1_000 });
  gateway.report(counted(54, 11, 1), 1_500);
  expect(gateway.book.read(endpointId)).toEqual({ passed: 4, refused: 2, withinMs: 1_500 });
  gateway.report(undefined, 2_200);
  expect(gateway.book.read(endpointId)).toEqual({ passed: 1, refused: 2, withinMs: 1_200 });
  gateway.report(undefined, 2_500);
  expect(gateway.book.read(endpointId)).toBeUndefined();
});

test("an endpoint that is new since the last report began with nothing", () => {
  const gateway = new Reporter();
  gateway.report(undefined, 0);
  gateway.report(counted(2, 0), 900);
  expect(gateway.book.read(endpointId)).toEqual({ passed: 2, refused: 0, withinMs: 900 });
});

const view = { id: gatewayId, connected: true, appliedRevision: 1, pid: 1, engines: null, lastSeenAt: 0 };
const vpc = aVpc({ attachment: { kind: "interface", device: "eth1" } });

function verdictOf(rate: number, book: RecentArrivals): string {
  const facts: ExplainFacts = {
    endpoint: anEndpoint({ maxConnectionRate: rate }),
    service: aService(),
    cluster: aCluster(),
    vpc,
    owner: accountId,
    permissions: [],
    gateways: [view],
    figures: undefined,
    recent: book.read(endpointId),
    isUsable: () => true,
    asOf: null,
  };
  const { verdict, reason } = explain(facts, { viewer: "owner" });
  return `${verdict} ${reason ?? ""}`;
}

/** Times between connections, and between reports, in milliseconds. */
const story = record({
  rate: integer({ min: 1, max: 20 }),
  gaps: array(oneof(integer({ min: 0, max: 60 }), integer({ min: 0, max: 1_500 })), {
    minLength: 1,
    maxLength: 150,
  }),
  reportEveryMs: array(integer({ min: 20, max: 1_200 }), { minLength: 1, maxLength: 8 }),
});

/** When reports come, from their gaps, which repeat, until some time. */
function reportTimes(gaps: readonly number[], until: number): readonly number[] {
  const times: number[] = [];
  for (let at = gaps[0] ?? 1_000; at <= until; at += gaps[times.length % gaps.length] ?? 1_000)
    times.push(at);
  return times;
}

test("whoever would be refused for the rate is never told that he is admitted, whenever connections and reports come", () => {
  let [refusals, admissions] = [0, 0];
  assert(
    property(story, ({ rate, gaps, reportEveryMs }) => {
      const gateway = new Reporter();
      const bucket = new Bucket(rate);
      gateway.report(undefined, 0);
      const reports = reportTimes(
        reportEveryMs,
        gaps.reduce((sum, gap) => sum + gap, 0),
      );
      const verdicts: (readonly [isRefused: boolean, verdict: string])[] = [];
      let [now, passed, refused] = [0, 0, 0];
      for (const gap of gaps) {
        const before = now;
        now += gap;
        for (const at of reports.filter((time) => time > before && time <= before + gap)) {
          gateway.report(counted(passed, refused), at);
          verdicts.push([!bucket.hasRoom(at), verdictOf(rate, gateway.book)]);
        }
        if (bucket.take(now)) passed += 1;
        else refused += 1;
      }
      const met = verdicts.filter(([isRefused]) => isRefused).map(([, verdict]) => verdict);
      expect(met).toEqual(met.map(() => "unknown connection_rate"));
      refusals += met.length;
      admissions += verdicts.filter(([, verdict]) => verdict === "admitted ").length;
    }),
    { numRuns: 300 },
  );
  // Neither is rare.
  expect(Math.min(refusals, admissions)).toBeGreaterThan(50);
});
