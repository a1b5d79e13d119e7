import { expect, test } from "vitest";
import { RefusalBook } from "./refusal-book.ts";

test("adds up by endpoint, reason and source, with the first and the last time", () => {
  const book = new RefusalBook<string>();
  book.note("a", "session_cap", "10.0.0.1", 5);
  book.note("a", "session_cap", "10.0.0.1", 9);
  book.note("a", "session_cap", "10.0.0.2", 7);
  book.note("a", "not_accepted", "10.0.0.1", 8);
  book.add({ key: "b", reason: "session_cap", source: null, firstAt: 1, lastAt: 2, count: 3 });
  book.add({ key: "b", reason: "session_cap", source: null, firstAt: 0, lastAt: 1, count: 4 });
  expect(book.take()).toEqual([
    { key: "a", reason: "session_cap", source: "10.0.0.1", firstAt: 5, lastAt: 9, count: 2 },
    { key: "a", reason: "session_cap", source: "10.0.0.2", firstAt: 7, lastAt: 7, count: 1 },
    { key: "a", reason: "not_accepted", source: "10.0.0.1", firstAt: 8, lastAt: 8, count: 1 },
    { key: "b", reason: "session_cap", source: null, firstAt: 0, lastAt: 2, count: 7 },
  ]);
  expect(book.take()).toEqual([]);
});

test("tells 64 sources of an endpoint and reason apart, and counts all others together", () => {
  const book = new RefusalBook<number>();
  for (let host = 0; host < 1_000; host += 1) book.note(1, "not_accepted", `10.0.0.${host}`, host);
  book.note(1, "not_accepted", "10.0.0.3", 2_000);
  book.note(2, "not_accepted", "10.0.0.1", 1);
  const taken = book.take();
  expect(taken).toHaveLength(66);
  expect(taken.find(({ source }) => source === null)).toMatchObject({ count: 936, firstAt: 64, lastAt: 999 });
  expect(taken.find(({ source }) => source === "10.0.0.3")).toMatchObject({ count: 2, lastAt: 2_000 });
  expect(taken.at(-1)).toMatchObject({ key: 2, source: "10.0.0.1" });
  book.note(1, "not_accepted", "10.9.9.9", 3_000);
  expect(book.take()).toMatchObject([{ source: "10.9.9.9" }]);
});

test("where there is no room at all, an endpoint is still counted", () => {
  const book = new RefusalBook<number>(2);
  for (const key of [1, 2, 3, 4]) book.note(key, "session_cap", "10.0.0.1", key);
  book.note(1, "session_cap", "10.0.0.1", 9);
  expect(book.take().map(({ key, source, count }) => [key, source, count])).toEqual([
    [1, "10.0.0.1", 2],
    [2, "10.0.0.1", 1],
    [3, null, 1],
    [4, null, 1],
  ]);
});

test("hands out the oldest first, as many as are asked for", () => {
  const book = new RefusalBook<number>();
  for (const key of [1, 2, 3]) book.note(key, "session_cap", "10.0.0.1", key);
  expect(book.take(2).map(({ key }) => key)).toEqual([1, 2]);
  expect(book.take(2).map(({ key }) => key)).toEqual([3]);
});
