import { describe, expect, test } from "vitest";
import { capLevel, judge, poolLevel, quietMs, type Condition, type Turn } from "./conditions.ts";

/** Judges what is seen at each time, and returns what was told. */
function follow(...seen: readonly (readonly [atMs: number, seen: string])[]): readonly Turn[] {
  let known: Condition | undefined;
  return seen.flatMap(([at, value]) => {
    const { next, turn } = judge(known, "key", value, "up", quietMs + at);
    known = next ?? known;
    return turn ?? [];
  });
}

describe("a condition", () => {
  test("that is normal, or as it was told, is no news", () => {
    expect(follow([0, "up"], [1, "up"])).toEqual([]);
    expect(follow([0, "down"], [1, "down"], [quietMs, "down"])).toHaveLength(1);
    expect(judge(undefined, "key", "up", "up", 5)).toEqual({});
  });

  test("that turns is told at once", () => {
    expect(follow([0, "down"], [quietMs, "up"])).toEqual([
      { key: "key", from: "up", to: "down", changes: 1 },
      { key: "key", from: "down", to: "up", changes: 1 },
    ]);
  });

  test("that flaps is told of once in a while, with how often it turned", () => {
    const flapping = [0, 1, 2, 3, 4].map((at) => [at, at % 2 === 0 ? "down" : "up"] as const);
    expect(follow(...flapping, [5, "up"], [quietMs - 1, "up"], [quietMs, "up"])).toEqual([
      { key: "key", from: "up", to: "down", changes: 1 },
      { key: "key", from: "down", to: "up", changes: 5 },
    ]);
  });

  test("that is back to what was told has nothing to tell", () => {
    expect(follow([0, "down"], [1, "up"], [2, "down"], [quietMs, "down"])).toHaveLength(1);
  });
});

test.each([
  [0, "0", false, "0"],
  [79, "0", false, "0"],
  [80, "0", false, "80"],
  [70, "80", false, "80"],
  [69, "80", false, "0"],
  [99, "80", false, "80"],
  [100, "80", false, "100"],
  [100, "0", false, "100"],
  [90, "100", false, "100"],
  [89, "100", false, "80"],
  [69, "100", false, "0"],
  [10, "0", true, "100"],
] as const)("%d of 100 sessions after level %s, refusing %s: %s", (sessions, before, isRefusing, level) => {
  expect(capLevel(sessions, 100, before, isRefusing)).toBe(level);
});

test.each([
  [89, "enough", "enough"],
  [90, "enough", "almost_empty"],
  [85, "almost_empty", "almost_empty"],
  [84, "almost_empty", "enough"],
] as const)("%d of 100 addresses used after %s: %s", (used, before, level) => {
  expect(poolLevel(used, 100, before)).toBe(level);
  expect(poolLevel(used, 0, before)).toBe("enough");
});
