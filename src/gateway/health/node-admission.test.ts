import { array, assert, boolean, constant, integer, nat, oneof, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { fullWeight } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import { NodeAdmission } from "./node-admission.ts";

const id = (n: number): NodeId => `node-${n}` as NodeId;

/** A cluster, and what happens to it, each second at a time. */
class World {
  readonly admission = new NodeAdmission();
  now = 0;
  readonly size: number;

  constructor(size: number) {
    this.size = size;
    this.watch(new Set());
  }

  watch(draining: ReadonlySet<number>): void {
    this.admission.watch([
      Array.from({ length: this.size }, (_, n) => ({ id: id(n), isDraining: draining.has(n) })),
    ]);
    this.admission.update(this.now);
  }

  /** Every node is checked once a second: those named take so long, or do not answer (null). */
  pass(seconds: number, latencies: Readonly<Record<number, number | null>> = {}): void {
    for (let second = 0; second < seconds; second += 1) {
      this.now += 1_000;
      for (let n = 0; n < this.size; n += 1) {
        const latencyMs = n in latencies ? (latencies[n] ?? null) : 5;
        const check = { isAnswered: latencyMs !== null, latencyMs: latencyMs ?? 2_000 };
        this.admission.checked(id(n), check, true);
      }
      this.admission.update(this.now);
    }
  }

  health(n: number, isHealthy: boolean): void {
    this.admission.checked(id(n), { isAnswered: isHealthy, latencyMs: 1 }, isHealthy);
    this.admission.update(this.now);
  }

  connectFails(n: number): void {
    this.admission.connectFailed(id(n), this.now);
    this.admission.update(this.now);
  }

  get shares(): number[] {
    const shares = this.admission.shares(this.now);
    return Array.from({ length: this.size }, (_, n) => shares.get(id(n)) ?? -1);
  }
}

describe("an outlier", () => {
  test("that does not take connections is out, for 10 s, then 20 s, and comes back slowly", () => {
    const world = new World(3);
    for (const removedMs of [10_000, 20_000]) {
      for (let n = 0; n < 3; n += 1) {
        world.now += 1_000;
        world.connectFails(1);
      }
      expect(world.shares).toEqual([4, 0, 4]);
      expect(world.admission.removal(id(1))?.reason).toContain("connections to it failed in 3 of");
      expect(world.admission.nextTurnAt(world.now)).toBe(world.now + removedMs);
      world.now += removedMs - 1;
      world.admission.update(world.now);
      expect(world.shares).toEqual([4, 0, 4]);
      world.now += 1;
      world.admission.update(world.now);
      expect(world.shares).toEqual([4, 1, 4]);
      world.pass(5);
      expect(world.shares).toEqual([4, 2, 4]);
      world.pass(5);
      expect(world.shares).toEqual([4, 4, 4]);
      expect(world.admission.nextTurnAt(world.now)).toBeUndefined();
    }
  });

  test("is one who fails again and again, not who fails a hundred times at once", () => {
    const world = new World(3);
    for (let n = 0; n < 100; n += 1) world.connectFails(1);
    expect(world.shares).toEqual([4, 4, 4]);
    world.now += 20_000;
    for (let n = 0; n < 2; n += 1) {
      world.connectFails(1);
      world.now += 1_000;
    }
    expect(world.shares).toEqual([4, 4, 4]);
  });

  test("is much slower than the others", () => {
    const world = new World(3);
    world.pass(5, { 0: 900 });
    expect(world.shares).toEqual([4, 4, 4]);
    world.pass(1, { 0: 900 });
    expect(world.shares).toEqual([0, 4, 4]);
    expect(world.admission.removal(id(0))?.reason).toBe(
      "its health checks take 900 ms, those of the others 5 ms",
    );
  });

  test.each([
    ["all are slow", { 0: 900, 1: 800, 2: 700 }],
    ["it is slower by little", { 0: 400 }],
  ])("is nobody where %s", (_what, latencies) => {
    const world = new World(3);
    world.pass(30, latencies);
    expect(world.shares).toEqual([4, 4, 4]);
  });

  test("fails checks that the others answer", () => {
    const world = new World(3);
    for (let n = 0; n < 4; n += 1) {
      world.pass(1, { 2: null });
      world.pass(1);
    }
    expect(world.shares).toEqual([4, 4, 0]);
  });

  test("starts with 10 s again after five minutes in service", () => {
    const world = new World(2);
    const fail = (): number => {
      for (let n = 0; n < 3; n += 1) {
        world.now += 1_000;
        world.connectFails(0);
      }
      return (world.admission.removal(id(0))?.untilMs ?? 0) - world.now;
    };
    const removals: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      removals.push(fail());
      world.now += removals.at(-1) ?? 0;
      world.admission.update(world.now);
    }
    expect(removals).toEqual([10, 20, 40, 80, 160, 300, 300].map((seconds) => seconds * 1_000));
    world.now += 300_000;
    expect(fail()).toBe(10_000);
  });
});

test("a node that was down comes back slowly, whatever it did before; the only one gets all at once", () => {
  const world = new World(2);
  world.health(0, false);
  expect(world.shares).toEqual([0, 4]);
  world.health(0, true);
  expect(world.shares).toEqual([1, 4]);
  world.health(1, false);
  expect(world.shares).toEqual([4, 0]);
});

test("an undrained node comes back slowly; one that is new does not", () => {
  const world = new World(2);
  expect(world.shares).toEqual([4, 4]);
  world.watch(new Set([0]));
  expect(world.shares).toEqual([0, 4]);
  world.watch(new Set());
  expect(world.shares).toEqual([1, 4]);
});

const step = oneof(
  record({ kind: constant("connect" as const), n: nat(4) }),
  record({ kind: constant("health" as const), n: nat(4), isHealthy: boolean() }),
  record({
    kind: constant("slow" as const),
    n: nat(4),
    latencyMs: integer({ min: 1, max: 3_000 }),
  }),
  record({ kind: constant("drain" as const), n: nat(4) }),
  record({ kind: constant("time" as const), ms: integer({ min: 1, max: 60_000 }) }),
);

test("whatever happens: never more than half of those that could serve is taken out, and never the last", () => {
  assert(
    property(integer({ min: 1, max: 5 }), array(step, { maxLength: 120 }), (size, steps) => {
      const world = new World(size);
      const down = new Set<number>();
      const draining = new Set<number>();
      for (const one of steps) {
        const n = "n" in one ? one.n % size : 0;
        if (one.kind === "connect") world.connectFails(n);
        else if (one.kind === "health") {
          if (one.isHealthy) down.delete(n);
          else down.add(n);
          world.health(n, one.isHealthy);
        } else if (one.kind === "slow") {
          const check = { isAnswered: true, latencyMs: one.latencyMs };
          if (!down.has(n)) world.admission.checked(id(n), check, true);
          world.admission.update(world.now);
        } else if (one.kind === "drain") {
          if (!draining.delete(n)) draining.add(n);
          world.watch(draining);
        } else {
          world.now += one.ms;
          world.admission.update(world.now);
        }
        const could = world.shares.filter((_, at) => !down.has(at) && !draining.has(at));
        const out = could.filter((share) => share === 0).length;
        expect(out).toBeLessThanOrEqual(Math.floor(could.length / 2));
        const unable = world.shares.filter((_, at) => down.has(at) || draining.has(at));
        expect(unable.filter((share) => share !== 0)).toEqual([]);
        expect(Math.max(...world.shares)).toBeLessThanOrEqual(fullWeight);
        // A turn that has come already would be taken again and again.
        expect(world.admission.nextTurnAt(world.now) ?? Infinity).toBeGreaterThan(world.now);
      }
    }),
    { numRuns: 300 },
  );
});
