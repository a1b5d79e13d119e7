import { expect, test } from "vitest";
import { requestIdSource } from "./request-id.ts";

test("ids are 32 hex digits and never the same, also between two sources", () => {
  const [first, second] = [requestIdSource(), requestIdSource()];
  const ids = Array.from({ length: 1_000 }, (_, n) => (n % 2 === 0 ? first() : second()));
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});
