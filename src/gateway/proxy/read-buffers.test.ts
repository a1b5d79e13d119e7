import { expect, test } from "vitest";
import { ReadBuffers } from "./read-buffers.ts";

const kib = 1024;

test("only who fills the small memory gets the large one", () => {
  const buffers = new ReadBuffers();
  expect([buffers.small.length, buffers.next(1).length, buffers.next(64 * kib - 1).length]).toEqual([
    64 * kib,
    64 * kib,
    64 * kib,
  ]);
  expect(buffers.next(64 * kib).length).toBe(256 * kib);
});

test.each([1, 4 * kib, 4 * kib + 1, 64 * kib, 64 * kib + 1, 256 * kib])(
  "a copy of %i bytes is apart from its source",
  (length) => {
    const buffers = new ReadBuffers();
    const source = buffers.next(64 * kib).fill(7);
    const copies = [buffers.copy(source, length), buffers.copy(source, length)];
    source.fill(8);
    expect(copies.map((copy) => copy.equals(Buffer.alloc(length, 7)))).toEqual([true, true]);
    copies.forEach((copy) => buffers.giveBack(copy));
    expect(buffers.inFlightBytes).toBe(0);
    const again = [buffers.copy(source, length), buffers.copy(source.fill(9), length)];
    expect(again.map((copy) => copy[length - 1])).toEqual([8, 9]);
  },
);

test("with a lot in flight nobody gets the large memory any more", () => {
  const buffers = new ReadBuffers();
  const source = buffers.next(64 * kib);
  const held = Array.from({ length: 256 }, () => buffers.copy(source, 256 * kib));
  expect(buffers.inFlightBytes).toBe(64 * kib * kib);
  expect(buffers.next(64 * kib).length).toBe(64 * kib);
  held.slice(0, 1).forEach((copy) => buffers.giveBack(copy));
  expect(buffers.next(64 * kib).length).toBe(256 * kib);
});
