import { expect, test } from "vitest";
import { byNumber, byText } from "./session-order.ts";

const session = (source: string, age?: number) => ({
  id: source,
  endpoint: "e",
  source,
  state: "established" as const,
  ...(age === undefined ? {} : { age_seconds: age }),
  bytes_in: 0,
  bytes_out: 0,
});

test("ages are numbers, and one that is not known comes first", () => {
  const rows = [session("a", 100), session("b", 9), session("c"), session("d", 0)];
  expect(rows.toSorted(byNumber((row) => row.age_seconds)).map(({ id }) => id)).toEqual(["c", "d", "b", "a"]);
});

test("addresses are ordered by their numbers", () => {
  const rows = ["10.0.0.10:9", "10.0.0.9:80", "10.0.0.9:9"].map((source) => session(source));
  const order = rows.toSorted(byText(({ source }) => source)).map(({ id }) => id);
  expect(order).toEqual(["10.0.0.9:9", "10.0.0.9:80", "10.0.0.10:9"]);
});
