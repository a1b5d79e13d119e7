import { expect, test } from "vitest";
import { FigureHistory } from "./figures.ts";

const figures = (bytes: number, endpoint = "one") => ({
  endpoint,
  sessions: 1,
  new_sessions: 1,
  bytes_in: bytes,
  bytes_out: bytes,
});

const rates = (history: FigureHistory): readonly number[] =>
  history.of("one").map(({ bytesPerSecond }) => bytesPerSecond);

test("a rate is what came since the sample before; a gateway that began anew has carried nothing", () => {
  const history = new FigureHistory();
  history.record([figures(100)], 1_000);
  history.record([figures(300)], 3_000);
  history.record([figures(10)], 5_000);
  expect(rates(history)).toEqual([0, 200, 0]);
});

test("who is silent carries nothing any more", () => {
  const history = new FigureHistory();
  history.record([figures(100)], 1_000);
  history.record([figures(300)], 3_000);
  history.settle(7_000);
  expect(rates(history)).toEqual([0, 200]);
  history.settle(8_001);
  history.settle(20_000);
  expect(rates(history)).toEqual([0, 200, 0]);
});

test("sixty samples are kept, of the endpoints that were heard of last", () => {
  const history = new FigureHistory();
  for (let at = 1; at <= 70; at++) history.record([figures(at)], at);
  expect(history.of("one").map(({ at }) => at)).toEqual(Array.from({ length: 60 }, (_, n) => n + 11));
  history.record(
    Array.from({ length: 5_000 }, (_, n) => figures(1, `endpoint-${n}`)),
    100,
  );
  expect(history.of("one")).toEqual([]);
  expect(history.of("endpoint-0")).toHaveLength(1);
});

test("a sample that did not change is the same array, and listeners hear of new ones", () => {
  const history = new FigureHistory();
  let heard = 0;
  const end = history.subscribe(() => heard++);
  history.record([figures(1)], 1);
  expect(history.of("one")).toBe(history.of("one"));
  end();
  history.record([figures(2)], 2);
  expect(heard).toBe(1);
});
