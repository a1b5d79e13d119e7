import { expect, test, vi } from "vitest";
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

test("a sample that did not change is the same array, and listeners hear once of what came together", async () => {
  const history = new FigureHistory();
  const heard: number[] = [];
  const end = history.subscribe(() => heard.push(history.version(0)));
  history.record([figures(1)], 1);
  history.record([figures(1, "two")], 1);
  expect(history.of("one")).toBe(history.of("one"));
  await vi.waitFor(() => expect(heard).toEqual([1]));
  end();
  history.record([figures(2)], 20_001);
  await vi.waitFor(() => expect(history.version(0)).toBe(2));
  expect(heard).toEqual([1]);
});

test("whoever wants to hear of it less often sees the same version for that long", async () => {
  const history = new FigureHistory();
  const seen: number[] = [];
  history.subscribe(() => seen.push(history.version(10_000)));
  for (const at of [1, 9_999, 10_000]) {
    history.record([figures(at)], at);
    const before = seen.length;
    await vi.waitFor(() => expect(seen.length).toBe(before + 1));
  }
  expect(seen).toEqual([0, 0, 1]);
});
