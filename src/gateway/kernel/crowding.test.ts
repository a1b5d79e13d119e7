import { array, assert, constantFrom, double, integer, nat, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { crowdedNetworks, judgeFill, type FlowLimits } from "./crowding.ts";

const room = 262_144;

const judge = (
  entries: number,
  { isAny = false, sinceMs = Infinity, perNetwork = 100_000, was = entries } = {},
) => judgeFill({ entries, room, perNetwork }, isAny, { agoMs: sinceMs, tookMs: 100, entries: was });
const never = { agoMs: Infinity, tookMs: 0, entries: 0 };

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

const crowded = (counts: readonly number[], limits: Partial<FlowLimits> = {}, before: number[] = []) => [
  ...crowdedNetworks(
    new Map(counts.entries()),
    { entries: sum(counts), room: 1_000, ...limits },
    new Set(before),
  ),
];

describe("what one look calls for", () => {
  test("as long as all flows together are what one network may have, nobody counts them", () => {
    expect(judge(0)).toBe("nobody");
    expect(judge(90_000, { isAny: true })).toBe("nobody");
    expect(judge(100_000)).toBe("wait");
    expect(judge(100_001)).toBe("count");
    expect(judge(90_001, { isAny: true })).toBe("count");
  });

  test("a share beyond seven tenths of the table is counted from there on", () => {
    expect(judge(room * 0.7, { perNetwork: room * 2 })).toBe("wait");
    expect(judge(room * 0.7 + 1, { perNetwork: room * 2 })).toBe("count");
  });

  test("counting rests twenty times as long as it took, and three times in a hurry", () => {
    expect(judge(150_000, { sinceMs: 1_999 })).toBe("wait");
    expect(judge(150_000, { sinceMs: 2_000 })).toBe("count");
    expect(judge(150_000, { sinceMs: 300, was: 150_000 - room / 16 })).toBe("wait");
    expect(judge(150_000, { sinceMs: 300, was: 149_999 - room / 16 })).toBe("count");
    expect(judge(200_000, { sinceMs: 299 })).toBe("wait");
    expect(judge(200_000, { sinceMs: 300 })).toBe("count");
  });

  test("half of the table is a network's share where nothing else is said", () => {
    expect(judgeFill({ entries: room / 2, room }, false, never)).toBe("wait");
    expect(judgeFill({ entries: room / 2 + 1, room }, false, never)).toBe("count");
  });

  test("a kernel that does not say how much room there is leaves nothing to judge without a share", () => {
    expect(judgeFill({ entries: 1e9, room: Infinity }, false, never)).not.toBe("count");
  });
});

describe("who is crowded", () => {
  test("who has more than his share, until he is under 90 % of it", () => {
    expect(crowded([500, 100])).toEqual([]);
    expect(crowded([501, 100])).toEqual([0]);
    expect(crowded([451, 100], {}, [0])).toEqual([0]);
    expect(crowded([450, 100], {}, [0])).toEqual([]);
    expect(crowded([100, 31], { perNetwork: 30 })).toEqual([0, 1]);
  });

  test("several that each have less: the largest, where the table is nearly full, until it is not", () => {
    expect(crowded([400, 290, 10])).toEqual([]);
    expect(crowded([400, 291, 10])).toEqual([0, 1]);
    expect(crowded([480, 240, 31])).toEqual([0, 1]);
    expect(crowded([490, 232, 30])).toEqual([0]);
    expect(crowded([200, 200, 200, 200])).toEqual([0, 1, 2, 3]);
    expect(crowded([320, 301, 10], {}, [0, 1])).toEqual([0, 1]);
    expect(crowded([320, 300, 10], {}, [0, 1])).toEqual([]);
  });

  test("what refused networks hold is lacking: of the others, the larger ones share what is left", () => {
    expect(crowded([800, 70, 30])).toEqual([0]);
    expect(crowded([800, 71, 30])).toEqual([0, 1]);
    // Who is refused comes back once all the others are within nine tenths of what is left.
    expect(crowded([800, 60, 30], {}, [0, 1])).toEqual([0]);
    expect(crowded([800, 61, 30], {}, [0, 1])).toEqual([0, 1]);
    expect(crowded([950, 16, 15])).toEqual([0, 1]);
    expect(crowded([950, 15, 15])).toEqual([0]);
  });

  test("whatever the figures: who has little, and no more than an even part of half the table, is never refused", () => {
    const counts = array(nat(100_000), { minLength: 1, maxLength: 20 });
    assert(
      property(counts, integer({ min: 1_000, max: 200_000 }), (flows, tableRoom) => {
        const refused = crowded(flows, { room: tableRoom });
        for (const [network, count] of flows.entries()) {
          const isRefused = refused.includes(network);
          expect(isRefused && count <= Math.min(tableRoom / 2 / flows.length, tableRoom / 64)).toBe(false);
          expect(!isRefused && count > tableRoom / 2).toBe(false);
        }
        const admitted = sum(flows.filter((_, network) => !refused.includes(network)));
        expect(admitted).toBeLessThanOrEqual(sum(flows) > tableRoom * 0.7 ? tableRoom / 2 : tableRoom * 0.7);
      }),
    );
  });
});

describe("random floods, looked at as the gateway does", () => {
  const stepMs = 250;
  const lifeSteps = 60_000 / stepMs;
  /** As measured: of one flow, and of the quickest that the kernel opens. */
  const countMsPerFlow = 0.0023;
  const mostPerStep = 17_000 / (1_000 / stepMs);

  /** Runs two minutes. Each network opens so many flows in a step, which end after a minute. Returns the fullest. */
  function flood(rates: readonly number[], tableRoom: number, perNetwork?: number) {
    const opened = rates.map((): number[] => []);
    const flows = rates.map(() => 0);
    let [refused, countedAt, fullest] = [new Set<number>(), -Infinity, 0];
    let last = { tookMs: 0, entries: 0 };
    let pending: { readonly at: number; readonly counts: ReadonlyMap<number, number> } | undefined;
    const refusedSmall = new Set<number>();
    for (let step = 0; step < 2 * lifeSteps; step += 1) {
      for (const [network, rate] of rates.entries()) {
        const added = refused.has(network) ? 0 : rate;
        opened[network]?.push(added);
        flows[network] = (flows[network] ?? 0) + added - (opened[network]?.at(-1 - lifeSteps) ?? 0);
      }
      const entries = sum(flows);
      fullest = Math.max(fullest, entries);
      const limits: FlowLimits = {
        entries,
        room: tableRoom,
        ...(perNetwork === undefined ? {} : { perNetwork }),
      };
      const now = step * stepMs;
      if (pending) {
        if (now < pending.at) continue;
        last = { ...last, tookMs: pending.at - countedAt };
        countedAt = pending.at;
        refused = new Set(crowdedNetworks(pending.counts, limits, refused));
        pending = undefined;
        for (const network of refused) if ((rates[network] ?? 0) <= 5) refusedSmall.add(network);
        continue;
      }
      const look = judgeFill(limits, refused.size > 0, { ...last, agoMs: now - countedAt });
      if (look === "nobody") refused = new Set();
      if (look !== "count") continue;
      countedAt = now;
      last = { ...last, entries };
      pending = { at: now + entries * countMsPerFlow, counts: new Map(flows.entries()) };
    }
    return { fullest, refusedSmall };
  }

  test("the table is never full, and small networks are never refused", () => {
    const rates = array(double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }).map(
      (parts) => {
        const whole = sum(parts) || 1;
        return [5, ...parts.map((part) => Math.floor((part / whole) * mostPerStep)), 5];
      },
    );
    const rooms = constantFrom(131_072, 262_144, 1_048_576);
    assert(
      property(rates, rooms, (perStep, tableRoom) => {
        const { fullest, refusedSmall } = flood(perStep, tableRoom);
        expect(fullest).toBeLessThan(tableRoom);
        expect([...refusedSmall].filter((network) => perStep[network] === 5)).toEqual([]);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  test("several floods beside networks that grow slowly do not fill the table either", () => {
    const perStep = [5, 2_098, 52, 2_098, 5];
    const { fullest, refusedSmall } = flood(perStep, 131_072);
    expect(fullest).toBeLessThan(131_072);
    expect([...refusedSmall]).toEqual([]);
    expect(flood([5, 583, 583, 2_722, 351, 5], 131_072).fullest).toBeLessThan(131_072);
  });

  test("one network alone stays near its share", () => {
    expect(flood([mostPerStep, 5], 262_144).fullest).toBeLessThan(262_144 * 0.92);
    expect(flood([mostPerStep, 5], 262_144, 20_000).fullest).toBeLessThan(20_000 + 4 * mostPerStep);
  });
});
