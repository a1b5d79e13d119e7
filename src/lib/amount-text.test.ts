import { expect, test } from "vitest";
import { amountText } from "./amount-text.ts";
import { durationText } from "./duration-text.ts";

test.each([
  [0, "0"],
  [0.25, "0.3"],
  [7, "7"],
  [12.4, "12"],
  [999, "999"],
  [999.6, "1k"],
  [1_500, "1.5k"],
  [20_000_000, "20M"],
  [2e18, "2000P"],
])("%d is %s", (amount, text) => {
  expect(amountText(amount)).toBe(text);
});

test.each([
  [0, "0s"],
  [7, "7s"],
  [65, "1m 5s"],
  [3_600, "1h 0m"],
  [356_400, "4d 3h"],
])("%d seconds are %s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
