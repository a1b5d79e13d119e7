import { expect, test } from "vitest";
import { idleMsOf } from "./session-timeouts.ts";

test.each([
  ["just said something", 3, 3_600, 0],
  ["is silent for ten minutes", 3, 3_000, 600_000],
  ["may wait for an acknowledgement", 3, 300, undefined],
  ["has a timeout that is not ours", 3, 432_000, undefined],
  ["is closing", 5, 50, 10_000],
  ["is closed", 7, 50, undefined],
  ["is told of without a timeout", 3, undefined, undefined],
])("a session that %s", (_what, state, left, idleMs) => {
  expect(idleMsOf(state, left)).toBe(idleMs);
});
