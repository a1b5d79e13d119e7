import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Caps } from "./caps.ts";
import type { Flow } from "./conntrack/flow.ts";
import type { Element } from "./nft/element.ts";
import type { Listed, Change } from "./nft/tables.ts";

const endpoint = 1;
const established = 3;

/** A small model of what the kernel does: an element counts the sessions that came since it was made, and no others. */
class Kernel {
  readonly #elements = new Map<number, { element: Element; readonly counted: Set<number> }>();
  readonly sessions = new Set<number>();
  #next = 0;

  apply(changes: readonly Change[]): void {
    for (const { verb, element } of changes) {
      const number = Number(element.key[0]);
      if (verb === "remove" && !this.#elements.delete(number)) throw new Error("ENOENT");
      if (verb === "add" && this.#elements.has(number)) throw new Error("EEXIST");
      if (verb === "add") this.#elements.set(number, { element, counted: new Set() });
    }
  }

  list(): readonly (Listed & Flow)[];
  list(set: "cap"): readonly Listed[];
  list(set?: string | number): readonly unknown[] {
    if (set === "cap") return [...this.#elements.values()].map(({ element }) => element);
    return [...this.sessions].map(() => ({ mark: endpoint, tcpState: established }));
  }

  connect(): boolean {
    const present = this.#elements.get(endpoint);
    if (!present || present.counted.size + 1 > (present.element.cap ?? 0)) return false;
    this.#next += 1;
    present.counted.add(this.#next);
    this.sessions.add(this.#next);
    return true;
  }

  close(): void {
    const [first] = this.sessions;
    if (first === undefined) return;
    this.sessions.delete(first);
    for (const { counted } of this.#elements.values()) counted.delete(first);
  }
}

function want(caps: Caps, kernel: Kernel, cap: number | undefined): void {
  const wanted = new Map(cap === undefined ? [] : [[endpoint, cap]]);
  const { changes, toCount } = caps.plan(wanted);
  kernel.apply(changes);
  caps.carriedOut(wanted, toCount);
}

function restarted(kernel: Kernel): Caps {
  const caps = new Caps(kernel, kernel);
  caps.takeOver();
  return caps;
}

const step = fc.oneof(
  fc.record({ cap: fc.integer({ min: 1, max: 6 }), isRestart: fc.boolean() }),
  fc.constantFrom(
    "connect" as const,
    "connect" as const,
    "close" as const,
    "recount" as const,
    "restart" as const,
  ),
);

test("a cap is never exceeded by new sessions, whatever changes and restarts, and is used in full after a recount", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const kernel = new Kernel();
      let caps = new Caps(kernel, kernel);
      let cap = 3;
      const most: number[] = [0];
      want(caps, kernel, cap);
      for (const each of steps) {
        if (typeof each === "object") {
          ({ cap } = each);
          if (each.isRestart) caps = restarted(kernel);
          want(caps, kernel, cap);
        } else if (each === "connect") {
          if (kernel.connect()) most.push(kernel.sessions.size - cap);
        } else if (each === "close") kernel.close();
        else if (each === "recount") for (const number of caps.indebted) caps.recount(number);
        else {
          caps = restarted(kernel);
          want(caps, kernel, cap);
        }
      }
      expect(Math.max(...most)).toBe(0);
      for (const number of caps.indebted) caps.recount(number);
      while (kernel.connect());
      expect(kernel.sessions.size).toBeGreaterThanOrEqual(cap);
    }),
    { numRuns: 300 },
  );
});

test("an endpoint that is gone leaves no element, and a new one lets sessions in at once", () => {
  const kernel = new Kernel();
  const caps = new Caps(kernel, kernel);
  want(caps, kernel, undefined);
  want(caps, kernel, 1);
  expect([kernel.connect(), kernel.connect()]).toEqual([true, false]);
  want(caps, kernel, undefined);
  expect(kernel.list("cap")).toEqual([]);
});

test("an equal cap changes nothing, so that the kernel's count goes on", () => {
  const kernel = new Kernel();
  const caps = new Caps(kernel, kernel);
  want(caps, kernel, 2);
  expect(caps.plan(new Map([[endpoint, 2]]))).toEqual({ changes: [], toCount: [] });
});
