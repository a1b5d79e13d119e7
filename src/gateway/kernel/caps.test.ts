import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Caps } from "./caps.ts";
import type { Element } from "./nft/element.ts";
import { creditReturnSeconds, type Listed, type Change } from "./nft/tables.ts";

const endpoint = 1;
const tickMs = 250;
const renewalMs = 12 * 3_600_000;

interface Present {
  readonly element: Element;
  readonly set: string;
  /** Sessions that came since the element was made, and still are. */
  readonly counted: Set<number>;
  readonly madeAt: number;
  taken: number;
}

/**
 * A small model of what the kernel does. An element that counts knows the sessions that came since it was made, and no
 * others; credits are used up, but for one that comes back each day. Others connect and close between any two calls.
 */
class Kernel {
  readonly #elements = new Map<string, Present>();
  readonly sessions = new Set<number>();
  /** Counters are asked for one by one. */
  isFew = true;
  now = 0;
  most = 0;
  refused = 0;
  #opened = 0;
  #lingering = 0;
  #meanwhile: ("connect" | "close" | "pass")[] = [];

  schedule(meanwhile: readonly ("connect" | "close" | "pass")[]): void {
    this.#meanwhile = [...meanwhile];
  }

  apply(changes: readonly Change[]): void {
    this.#others();
    for (const { verb, set, element } of changes) {
      const name = `${set} ${element.key.join()}`;
      if (verb === "remove" && !this.#elements.delete(name)) throw new Error(`ENOENT ${name}`);
      if (verb === "remove") continue;
      if (this.#elements.has(name)) throw new Error("EEXIST");
      if (element.credits !== undefined && element.credits < 1) throw new Error("EINVAL");
      this.#elements.set(name, { set, element, counted: new Set(), madeAt: this.now, taken: 0 });
    }
    this.#others();
  }

  list(set: string): readonly Listed[] {
    return [...this.#elements.values()].filter((each) => each.set === set).map(({ element }) => element);
  }

  counted(set: string): number {
    const count = set === "opened" ? this.#opened : this.refused;
    this.#others();
    return count;
  }

  countersOf(set: string): ReadonlyMap<number, { packets: number; bytes: number }> {
    return new Map([[endpoint, { packets: this.counted(set), bytes: 0 }]]);
  }

  countLive(): ReadonlyMap<number, number> {
    this.#others();
    const live = new Map([[endpoint, this.sessions.size]]);
    this.#others();
    this.now += 1;
    return live;
  }

  countEntries(): number {
    const entries = this.sessions.size + this.#lingering;
    this.#others();
    return entries;
  }

  connect(): boolean {
    const present = [...this.#elements.values()];
    if (present.length === 0 || present.some((each) => this.#left(each) === 0)) {
      this.refused += 1;
      return false;
    }
    this.#opened += 1;
    for (const each of present) {
      each.counted.add(this.#opened);
      each.taken += 1;
    }
    this.sessions.add(this.#opened);
    this.most = Math.max(this.most, this.sessions.size);
    return true;
  }

  close(): void {
    const [first] = this.sessions;
    if (first === undefined) return;
    this.sessions.delete(first);
    this.#lingering += 1;
    for (const { counted } of this.#elements.values()) counted.delete(first);
  }

  /** Counts somebody whom it has refused, until it looks again. */
  countStale(amount: number): void {
    for (const { counted } of this.#elements.values())
      for (let stale = 1; stale <= amount; stale += 1) counted.add(-stale);
  }

  /** Closed sessions stay in the table for a while. */
  forgetClosed(): void {
    this.#lingering = 0;
  }

  /** As many sessions would there be if more and more came now. */
  get potential(): number {
    const left = [...this.#elements.values()].map((each) => this.#left(each));
    return this.sessions.size + (left.length === 0 ? 0 : Math.min(...left));
  }

  #left({ element, counted, taken, madeAt }: Present): number {
    if (element.cap !== undefined) return Math.max(0, element.cap - counted.size);
    const returned = Math.floor((this.now - madeAt) / (creditReturnSeconds * 1_000));
    return Math.max(0, (element.credits ?? 0) + returned - taken);
  }

  #others(): void {
    const next = this.#meanwhile.shift();
    if (next === "connect") this.connect();
    if (next === "close") this.close();
  }
}

/** Caps above 4 are kept with at most 3 credits at once. */
const limits = { countedUpTo: 4, credits: 3 };

function capsOf(kernel: Kernel): Caps {
  return new Caps(kernel, kernel, () => kernel.now, { ...limits, lookedAtAlone: kernel.isFew ? 1 : 0 });
}

function want(caps: Caps, kernel: Kernel, cap: number | undefined): void {
  const wanted = new Map([[endpoint, cap]]);
  const { changes, toCount } = caps.plan(wanted);
  kernel.apply(changes);
  caps.carriedOut(wanted, toCount);
  caps.endTakeOver();
}

function restarted(kernel: Kernel): Caps {
  const caps = capsOf(kernel);
  caps.takeOver();
  return caps;
}

/** What the engine does every now and then. */
function tick(caps: Caps, kernel: Kernel): void {
  kernel.now += tickMs;
  caps.refill();
  caps.lookAtRefusing([endpoint]);
}

const meanwhile = fc.array(
  fc.constantFrom("connect" as const, "connect" as const, "close" as const, "pass" as const),
  {
    maxLength: 12,
    size: "max",
  },
);
const step = fc.oneof(
  fc.record({ cap: fc.integer({ min: 1, max: 14 }), isRestart: fc.boolean(), meanwhile }),
  fc.constantFrom("connect" as const, "close" as const, "forget" as const),
  fc.record({ tick: meanwhile }),
  fc.record({ connects: fc.integer({ min: 1, max: 14 }) }),
  fc.record({ closes: fc.integer({ min: 1, max: 14 }) }),
  fc.constantFrom("restart" as const, "half a day" as const),
);

/** Runs a step; returns the caps and the cap that hold after it. */
function run(
  kernel: Kernel,
  caps: Caps,
  cap: number,
  each: typeof step extends fc.Arbitrary<infer S> ? S : never,
): [Caps, number] {
  if (each === "connect") kernel.connect();
  else if (each === "close") kernel.close();
  else if (each === "forget") kernel.forgetClosed();
  else if (each === "half a day") {
    kernel.now += renewalMs;
    tick(caps, kernel);
  } else if (each === "restart") {
    const next = restarted(kernel);
    want(next, kernel, cap);
    return [next, cap];
  } else if ("tick" in each) {
    kernel.schedule(each.tick);
    tick(caps, kernel);
    kernel.schedule([]);
  } else if ("connects" in each) for (let i = 0; i < each.connects; i += 1) kernel.connect();
  else if ("closes" in each) for (let i = 0; i < each.closes; i += 1) kernel.close();
  else {
    const next = each.isRestart ? restarted(kernel) : caps;
    kernel.schedule(each.meanwhile);
    want(next, kernel, each.cap);
    kernel.schedule([]);
    return [next, each.cap];
  }
  return [caps, cap];
}

test("a cap is never exceeded by new sessions, whatever changes and restarts, and is used in full in the end", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 14 }),
      fc.array(step, { maxLength: 60, size: "max" }),
      (first, steps) => {
        const kernel = new Kernel();
        kernel.isFew = steps.length % 2 === 0;
        let [caps, cap] = [capsOf(kernel), first];
        want(caps, kernel, cap);
        for (const each of steps) {
          // A cap that is lowered leaves the sessions that are there.
          kernel.most = 0;
          const before = Math.max(kernel.sessions.size, cap);
          [caps, cap] = run(kernel, caps, cap, each);
          expect(kernel.most).toBeLessThanOrEqual(Math.max(before, cap));
          expect(kernel.potential).toBeLessThanOrEqual(Math.max(kernel.sessions.size, cap));
        }
        for (let round = 0; round < 30; round += 1) {
          while (kernel.connect());
          tick(caps, kernel);
        }
        expect(kernel.sessions.size).toBeGreaterThanOrEqual(cap);
      },
    ),
    { numRuns: 1_000 },
  );
});

test.each([2, 9])(
  "an endpoint with a cap of %i that is gone leaves no element, and a new one lets sessions in",
  (cap) => {
    const kernel = new Kernel();
    const caps = capsOf(kernel);
    want(caps, kernel, undefined);
    want(caps, kernel, cap);
    expect(kernel.connect()).toBe(true);
    want(caps, kernel, undefined);
    expect([...kernel.list("cap"), ...kernel.list("credit")]).toEqual([]);
  },
);

test.each([2, 9])(
  "an equal cap of %i changes nothing, so that the kernel's count goes on, for a successor too",
  (cap) => {
    const kernel = new Kernel();
    const caps = capsOf(kernel);
    want(caps, kernel, cap);
    kernel.connect();
    const wanted = new Map([[endpoint, cap]]);
    expect(caps.plan(wanted)).toEqual({ changes: [], toCount: [] });
    expect(restarted(kernel).plan(wanted)).toEqual({ changes: [], toCount: [] });
  },
);

test("an endpoint that refuses for long although it has room is counted anew", () => {
  const kernel = new Kernel();
  const caps = capsOf(kernel);
  want(caps, kernel, 4);
  kernel.connect();
  kernel.countStale(3);
  for (const isAdmitted of [false, false, true, true, true, false]) {
    expect(kernel.connect()).toBe(isAdmitted);
    tick(caps, kernel);
  }
  expect(kernel.sessions.size).toBe(4);
});

test.each([
  ["the kernel lets somebody in again", (kernel: Kernel): void => void (kernel.close(), kernel.connect())],
  ["it is full", (kernel: Kernel): void => void kernel.connect()],
])("the kernel goes on counting by itself where %s", (_what, happen) => {
  const kernel = new Kernel();
  const caps = capsOf(kernel);
  want(caps, kernel, 4);
  while (kernel.connect());
  const before = kernel.list("cap");
  for (let look = 0; look < 4; look += 1) {
    happen(kernel);
    expect(kernel.connect()).toBe(false);
    kernel.schedule(["close"]);
    tick(caps, kernel);
    kernel.schedule([]);
    kernel.connect();
  }
  expect(kernel.list("cap")).toEqual(before);
  expect(kernel.list("cap")).toMatchObject([{ cap: 4 }]);
});

test("far from a large cap nobody is refused, and no session is counted", () => {
  const kernel = new Kernel();
  const caps = capsOf(kernel);
  want(caps, kernel, 1_000);
  let counts = 0;
  kernel.countLive = () => {
    counts += 1;
    return new Map();
  };
  for (let session = 0; session < 900; session += 1) {
    expect(kernel.connect()).toBe(true);
    tick(caps, kernel);
  }
  expect(counts).toBe(0);
});
