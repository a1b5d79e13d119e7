import { array, assert, integer, oneof, property } from "fast-check";
import { expect, test } from "vitest";
import { MessageWriter } from "../netlink/message-writer.ts";
import { readCounters, type Count } from "./counters.ts";
import { encode } from "./element.ts";

/** A message as the kernel lists counters. @param isNew with expressions as younger kernels give them */
function message(counters: readonly (readonly [number, bigint, bigint])[], isNew: boolean): Buffer {
  const writer = new MessageWriter();
  writer.nfnetlink(1);
  writer.text(1, "postern");
  const list = writer.open(3);
  for (const [mark, packets, bytes] of counters) {
    const opened = [writer.open(1)];
    const key = writer.open(1);
    writer.data(1, encode(["mark"], [mark]));
    writer.close(key);
    opened.push(...(isNew ? [writer.open(11), writer.open(1)] : [writer.open(7)]));
    writer.text(1, "counter");
    opened.push(writer.open(2));
    writer.u64(1, bytes);
    writer.u64(2, packets);
    for (const start of opened.toReversed()) writer.close(start);
  }
  writer.close(list);
  return Buffer.from(writer.bytes());
}

function read(bytes: Buffer): readonly (readonly [number, Count])[] {
  const counts = new Map<number, Count>();
  readCounters(bytes, counts);
  return [...counts];
}

test.each([false, true])("counters of more than 32 bits are read by their marks (%s)", (isNew) => {
  const bytes = message(
    [
      [16_777_217, 5n, 2n ** 40n + 3n],
      [4_294_967_295, 2n ** 33n, 0n],
    ],
    isNew,
  );
  expect(read(bytes)).toEqual([
    [16_777_217, { packets: 5, bytes: 2 ** 40 + 3 }],
    [4_294_967_295, { packets: 2 ** 33, bytes: 0 }],
  ]);
});

test("whatever a message has been changed to, reading it ends and stays inside", () => {
  const whole = message(
    [
      [1, 2n, 3n],
      [2, 3n, 4n],
      [3, 4n, 5n],
    ],
    true,
  );
  const changes = array(
    oneof(
      integer({ min: 0, max: whole.length - 1 }).map((at) => [at, 0] as const),
      integer({ min: 0, max: whole.length * 256 - 1 }).map((n) => [n >> 8, n & 0xff] as const),
    ),
    { maxLength: 8 },
  );
  assert(
    property(changes, integer({ min: 0, max: whole.length }), (edits, length) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of edits) bytes[at] = value;
      expect(read(bytes.subarray(0, length)).length).toBeLessThanOrEqual(3);
    }),
    { numRuns: 2_000 },
  );
});
