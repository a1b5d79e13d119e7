import { expect, test } from "vitest";
import { Rotation } from "./rotation.ts";
import { weightedTurns } from "./weighted-turns.ts";

const node = (host: string, weight?: number) => ({
  host,
  port: 1,
  ...(weight === undefined ? {} : { weight }),
});
const text = (nodes: Iterable<{ readonly host: string }>): string =>
  [...nodes].map(({ host }) => host).join("");

test("nodes of equal weight take turns in their order, as often as there are turns", () => {
  expect(text(weightedTurns([node("a"), node("b"), node("c")], 7))).toBe("abcabca");
  expect(text(weightedTurns([], 7))).toBe("");
});

test("a weight is a share, spread evenly", () => {
  expect(text(weightedTurns([node("a"), node("b", 1)], 10))).toBe("aabaaaabaa");
  expect(text(weightedTurns([node("a", 2), node("b"), node("c")], 10))).toBe("bcabcbcabc");
});

test("a rotation offers every node once, the one whose turn it is first", () => {
  const rotation = new Rotation([node("a"), node("b", 1)]);
  const rounds = Array.from({ length: 5 }, () => text(rotation.next()));
  expect(rounds.toSorted()).toEqual(["ab", "ab", "ab", "ab", "ba"]);
});

test("a node that has gone meanwhile is passed over", () => {
  const rotation = new Rotation([node("a"), node("b"), node("c")]);
  const round = rotation.next();
  expect(round.next().value?.host).toBe("a");
  rotation.update([node("a"), node("c")]);
  expect(text(round)).toBe("c");
});
