import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AddressStates } from "./address-states.ts";

const [a, b, c] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"] as const;
const later = 10_000;

/** Everything that was asked for is free. */
function settleFree(states: AddressStates): void {
  states.settle(states.takeWaiting(0), () => undefined);
  states.takeFree();
}

test("a wished address is asked for, is free, and is answered for from then on", () => {
  const states = new AddressStates();
  states.wish(new Set([a, b]), [a, b]);
  expect([states.isWaiting, states.takeFree(), [...states.answered]]).toEqual([true, [], []]);
  expect(states.takeWaiting(0)).toEqual([a, b]);
  expect(states.settle([a, b], (address) => (address === b ? "It is a host's." : undefined))).toBe(true);
  expect(states.takeFree()).toEqual([a]);
  expect([[...states.answered], [...states.refused]]).toEqual([[a], [[b, "It is a host's."]]]);
  expect(states.takeTouched().toSorted()).toEqual([a, b]);
  expect(states.takeTouched()).toEqual([]);
});

test("what the host answers for already is ours, and is not asked for", () => {
  const states = new AddressStates();
  states.wishAll(new Set([a, b]), new Set([a, c]));
  expect([[...states.answered], states.takeWaiting(0)]).toEqual([[a], [b]]);
});

test("what the host has lost is asked for anew", () => {
  const states = new AddressStates();
  states.wishAll(new Set([a]), new Set([a]));
  states.wishAll(new Set([a]), new Set());
  expect([[...states.answered], states.takeWaiting(0)]).toEqual([[], [a]]);
});

test("an address that nobody wants any more is told once, and an answer about it is no news", () => {
  const states = new AddressStates();
  states.wish(new Set([a, b]), [a]);
  settleFree(states);
  states.wish(new Set([a, b]), [b]);
  const asked = states.takeWaiting(0);
  expect(states.wish(new Set(), [a, b])).toEqual([a]);
  expect(states.wish(new Set(), [a, b])).toEqual([]);
  expect(states.settle(asked, () => undefined)).toBe(false);
  expect(states.takeFree()).toEqual([]);
});

test("a refused address is asked for again after a while, and only another answer is news", () => {
  const states = new AddressStates();
  states.wish(new Set([a]), [a]);
  states.settle(states.takeWaiting(0), () => "It is a host's.");
  states.retry(1);
  expect(states.isWaiting).toBe(false);
  states.retry(later);
  expect(states.settle(states.takeWaiting(later), () => "It is a host's.")).toBe(false);
  expect([...states.refused.keys()]).toEqual([a]);
  states.retry(2 * later);
  expect(states.settle(states.takeWaiting(2 * later), () => undefined)).toBe(true);
  states.takeFree();
  expect([[...states.answered], [...states.refused]]).toEqual([[a], []]);
});

test("an address that the kernel refuses is not answered for, and says why", () => {
  const states = new AddressStates();
  states.wish(new Set([a]), [a]);
  settleFree(states);
  expect(states.refuse(a, "No.")).toBe(true);
  expect([[...states.answered], states.refused.get(a)]).toEqual([[], "No."]);
});

test("whatever is wished in turn, what is answered for in the end is what is wished", () => {
  const wished = fc.subarray([a, b, c]);
  const step = fc.tuple(wished, fc.constantFrom("change", "all", "ask"));
  fc.assert(
    fc.property(fc.array(step), wished, (steps, last) => {
      const states = new AddressStates();
      const routes = new Set<string>();
      let before: readonly string[] = [];
      const change = (now: readonly string[]): void => {
        for (const gone of states.wish(new Set(now), [...before, ...now])) routes.delete(gone);
        before = now;
      };
      for (const [now, kind] of steps) {
        if (kind === "ask") states.settle(states.takeWaiting(0), () => undefined);
        else if (kind === "change") change(now);
        else {
          states.wishAll(new Set(now), routes);
          for (const route of routes) if (!states.answered.has(route)) routes.delete(route);
          before = now;
        }
        for (const free of states.takeFree()) routes.add(free);
        expect(routes).toEqual(states.answered);
      }
      change(last);
      states.settle(states.takeWaiting(0), () => undefined);
      for (const free of states.takeFree()) routes.add(free);
      expect([...states.answered].toSorted()).toEqual(last.toSorted());
      expect(routes).toEqual(states.answered);
    }),
  );
});
