import { expect, test } from "vitest";
import { keepEntries } from "./keep-entries.ts";
import { aSnapshot } from "./test-snapshot.ts";

test("what says the same is the same object, wherever it stands, and the rest is the new one's", () => {
  const before = aSnapshot(1, 3);
  const copy = structuredClone(before);
  const [, second, third] = copy.endpoints;
  if (!second || !third) throw new Error("There are three.");
  const after = { ...copy, revision: 2, endpoints: [third, { ...second, maxSession: 1 }] };
  const kept = keepEntries(before, after);
  expect(kept).toEqual(after);
  expect(kept.endpoints[0]).toBe(before.endpoints[2]);
  expect(kept.endpoints[1]).not.toBe(before.endpoints[1]);
  expect(kept.services[0]).toBe(before.services[0]);
});

test("networks come and go with the new snapshot", () => {
  const network = {
    id: "v",
    number: 1,
    attachment: { kind: "netns", namespace: "a" },
    cidrs: ["10.0.0.0/24"],
  } as never;
  const before = { ...aSnapshot(1), networks: [network] };
  expect(keepEntries(before, structuredClone(before)).networks?.[0]).toBe(network);
  expect(keepEntries(before, aSnapshot(2))).toEqual(aSnapshot(2));
  expect(keepEntries(undefined, before)).toBe(before);
});
