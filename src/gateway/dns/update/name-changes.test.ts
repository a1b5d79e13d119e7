import { expect, test } from "vitest";
import { nameChanges } from "./name-changes.ts";

test("names that are not wanted go first, then others come", () => {
  const known = new Map([
    ["same", ["10.0.0.1", "fd00::1"]],
    ["stale", ["10.0.0.2"]],
    ["moved", ["10.0.0.3"]],
    ["already-gone", []],
  ]);
  const wanted = new Map([
    ["new", ["10.0.0.4"]],
    ["moved", ["10.0.0.5"]],
    ["same", ["fd00::1", "10.0.0.1"]],
  ]);
  expect(nameChanges(known, wanted)).toEqual([
    { name: "stale", addresses: [] },
    { name: "new", addresses: ["10.0.0.4"] },
    { name: "moved", addresses: ["10.0.0.5"] },
  ]);
});

test("what is not known of a name leaves it as it is", () => {
  const wanted = new Map([
    ["there", "unknown" as const],
    ["not-there", "unknown" as const],
  ]);
  expect(nameChanges(new Map([["there", ["10.0.0.1"]]]), wanted)).toEqual([]);
});
