import { array, assert, integer, oneof, property, tuple, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { attributeAt, forEachAttribute, readAttributes, readText } from "./attributes.ts";
import { MessageWriter } from "./message-writer.ts";

const messageHeader = 16;
const values = array(tuple(integer({ min: 0, max: 0x3fff }), uint8Array({ maxLength: 70 })), {
  maxLength: 200,
});

test("what was written is read again, in order, each value as long as it was", () => {
  assert(
    property(values, (written) => {
      const writer = new MessageWriter();
      for (const [type, value] of written) writer.data(type, value);
      const read: [number, number[]][] = [];
      forEachAttribute(writer.bytes(), (type, value) => read.push([type, [...value]]));
      expect(read).toEqual(written.map(([type, value]) => [type, [...value]]));
    }),
  );
});

test("a message tells its length, type, flags and number, and the next one begins behind it", () => {
  const writer = new MessageWriter();
  writer.begin(0x1234, 0x0301, 7);
  writer.nfnetlink(2, 10);
  writer.text(1, "postern");
  writer.end();
  const first = writer.length;
  writer.begin(1, 2, 0xffff_fffe);
  writer.end();
  const bytes = writer.bytes();
  expect(first).toBe(messageHeader + 4 + 12);
  expect([bytes.readUInt32LE(0), bytes.readUInt16LE(4), bytes.readUInt16LE(6)]).toEqual([
    first,
    0x1234,
    0x0301,
  ]);
  expect([bytes.readUInt32LE(8), bytes.readUInt32LE(12)]).toEqual([7, 0]);
  expect([...bytes.subarray(16, 20)]).toEqual([2, 0, 0, 10]);
  expect([bytes.readUInt32LE(first), bytes.readUInt32LE(first + 8)]).toEqual([messageHeader, 0xffff_fffe]);
});

test("numbers have the network's order, text ends with a zero byte, and padding is zero", () => {
  const writer = new MessageWriter();
  writer.u32(1, 0xfedc_ba98);
  writer.u64(2, 0x0102_0304_0506_0708n);
  writer.text(3, "ab");
  expect(writer.bytes().toString("hex")).toBe(
    ["0800", "0100", "fedcba98", "0c00", "0200", "0102030405060708", "0700", "0300", "61620000"].join(""),
  );
});

test("nested attributes are found by their path, and what is missing is undefined", () => {
  const writer = new MessageWriter();
  const outer = writer.open(5);
  const inner = writer.open(6);
  writer.u32(7, 42);
  writer.close(inner);
  writer.close(outer);
  expect(attributeAt(writer.bytes(), 5, 6, 7)?.readUInt32BE()).toBe(42);
  expect(attributeAt(writer.bytes(), 5, 7, 6)).toBeUndefined();
  expect(attributeAt(writer.bytes(), 5, 6, 7, 8)).toBeUndefined();
});

test("a nested attribute of more than 65,535 bytes is refused, not cut", () => {
  const writer = new MessageWriter();
  const list = writer.open(1);
  for (let count = 0; count < 1_100; count += 1) writer.data(1, Buffer.alloc(60));
  expect(() => writer.close(list)).toThrow(RangeError);
});

test("of a type that comes twice, the last one counts", () => {
  const writer = new MessageWriter();
  writer.u32(1, 1);
  writer.u32(1, 2);
  expect(readAttributes(writer.bytes()).get(1)?.readUInt32BE()).toBe(2);
});

test("whatever the bytes are, reading ends, and hands out views inside them only", () => {
  // Short lengths and small types are where the reader could go round in circles or past the end.
  const hostile = array(oneof(integer({ min: 0, max: 8 }), integer({ min: 0, max: 255 })), {
    maxLength: 120,
  });
  assert(
    property(hostile, (numbers) => {
      const bytes = Buffer.from(numbers);
      let total = 0;
      forEachAttribute(bytes, (_type, value) => {
        total += 4 + value.length;
      });
      expect(total).toBeLessThanOrEqual(bytes.length);
      attributeAt(bytes, 1, 2, 3);
      readText(bytes);
    }),
  );
});

test("a length of less than its own header, or of more than there is, ends the reading", () => {
  for (const length of [0, 3, 9, 0xffff]) {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(length, 0);
    expect(readAttributes(bytes).size).toBe(0);
  }
});

test("text ends at its zero byte, or with its bytes", () => {
  expect(readText(Buffer.from("counter\0rest"))).toBe("counter");
  expect(readText(Buffer.from("counter"))).toBe("counter");
});
