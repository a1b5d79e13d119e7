import { expect, test } from "vitest";
import { EventReader } from "./event-stream.ts";

test("events come whole from whatever pieces, with the last id", () => {
  const text =
    'retry: 1000\nid: 4\n\n: heartbeat\nid: 5\n\nid: 6\nevent: node.up\ndata: {"a": "b: c"}\n\ndata: x\n\n';
  const events = [
    { event: "node.up", data: '{"a": "b: c"}' },
    { event: "message", data: "x" },
  ];
  const whole = new EventReader(null);
  expect(whole.take(text)).toEqual(events);
  expect(whole.lastId).toBe("6");
  const letters = new EventReader("1");
  expect(text.split("").flatMap((letter) => letters.take(letter))).toEqual(events);
  expect(letters.lastId).toBe("6");
});

test("an event that is not whole yet moves nothing", () => {
  const reader = new EventReader("1");
  expect(reader.take("id: 2\ndata: x\n")).toEqual([]);
  expect(reader.lastId).toBe("1");
});

test("an event without an end is an error", () => {
  const reader = new EventReader(null);
  expect(() => reader.take("x".repeat(1024 * 1024 + 1))).toThrow("without an end");
});
