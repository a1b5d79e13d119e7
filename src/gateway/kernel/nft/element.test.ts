import { Address6 } from "ip-address";
import {
  assert,
  constantFrom,
  integer,
  oneof,
  property,
  stringMatching,
  tuple,
  uint8Array,
  type Arbitrary,
} from "fast-check";
import { expect, test } from "vitest";
import { ipv4FromNumber } from "../../../lib/ipv4.ts";
import { content, decode, elementText, encode, identity, type Element, type Value } from "./element.ts";
import { setNames, sets, type Field, type SetSchema } from "./schema.ts";

const ipv6 = uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) =>
  Address6.fromByteArray([...bytes]).correctForm(),
);
const u32 = integer({ min: 0, max: 0xffff_ffff });
const u16 = integer({ min: 0, max: 0xffff });

const valueOf: Readonly<Record<Field, Arbitrary<Value>>> = {
  mark: u32,
  priority: u32,
  number: u32,
  ipv4_addr: u32.map(ipv4FromNumber),
  ipv6_addr: oneof(ipv6, constantFrom("::", "::1", "ff00::", "fd00:1::10")),
  inet_service: u16,
  ifname: stringMatching(/^[a-zA-Z0-9_.-]{1,15}$/),
  zone: u16,
};

function tupleOf(fields: readonly Field[]): Arbitrary<Value[]> {
  return tuple(...fields.map((field) => valueOf[field]));
}

const cases = setNames.map((name) => ({ name, schema: sets[name] as SetSchema }));

test.each(cases)("keys and data of $name are read as they were written", ({ schema }) => {
  assert(
    property(tupleOf(schema.key), (key) => {
      expect(decode(schema.key, encode(schema.key, key, schema.interval), schema.interval)).toEqual(key);
    }),
    { numRuns: 50 },
  );
  const { data } = schema;
  if (data === undefined || data === "verdict") return;
  assert(
    property(tupleOf(data), (values) => {
      expect(decode(data, encode(data, values))).toEqual(values);
    }),
    { numRuns: 50 },
  );
});

test.each(cases)("elements of $name are one exactly when their keys are", ({ schema }) => {
  const element = tupleOf(schema.key).map((key): Element => ({ key }));
  assert(
    property(element, element, (one, other) => {
      const isSame = encode(schema.key, one.key).equals(encode(schema.key, other.key));
      expect(identity(one) === identity(other)).toBe(isSame);
    }),
    { numRuns: 50 },
  );
});

test("fields of a concatenation begin at multiples of four bytes; a single one is as long as it is", () => {
  expect(encode(["mark", "ipv4_addr", "inet_service"], [1, "10.0.1.10", 9200]).toString("hex")).toBe(
    "010000000a00010a23f00000",
  );
  expect(encode(["inet_service"], [9200]).toString("hex")).toBe("23f0");
  expect(encode(["zone"], [258]).toString("hex")).toBe("0201");
});

test("marks of sets with intervals are in the network's order", () => {
  expect(encode(["mark", "ipv4_addr"], [1, "10.0.0.0"], true).toString("hex")).toBe("000000010a000000");
});

test("a missing value is told, not written as nothing", () => {
  expect(() => encode(["mark", "inet_service"], [1])).toThrow("inet_service");
});

test("an element differs by what the kernel has to be told, not by what it counts", () => {
  const key = [1];
  const plain = content({ key });
  const others = [
    { key, data: [2] },
    { key, chain: "refuse_session_cap" },
    { key, cap: 2 },
    { key, rate: { perSecond: 2, burst: 1 } },
    { key, rate: { perSecond: 2, burst: 2 } },
  ].map(content);
  expect(new Set([plain, ...others]).size).toBe(6);
  expect(content({ key, counter: { packets: 1, bytes: 1 } } as Element)).toBe(plain);
});

test("an interval is another element than its first address", () => {
  expect(identity({ key: [1, "10.0.0.0"], last: "10.0.0.255" })).toBe("1 . 10.0.0.0-10.0.0.255");
  expect(identity({ key: [1, "10.0.0.0"] })).toBe("1 . 10.0.0.0");
});

test("elements are written for people as nft writes them", () => {
  expect(elementText("endpoint4", { key: [1, "10.0.0.50", 9200], data: [7] })).toBe(
    "1 . 10.0.0.50 . 9200 : 7",
  );
  expect(elementText("gate", { key: [7], chain: "refuse_not_accepted" })).toBe(
    "7 : goto refuse_not_accepted",
  );
  expect(elementText("cap", { key: [7], cap: 3_000 })).toBe("7 ct count over 3000");
  expect(elementText("bandwidth", { key: [7], rate: { perSecond: 10, burst: 5 } })).toContain(
    "burst 5 bytes",
  );
  expect(elementText("connection_rate", { key: [7], rate: { perSecond: 10, burst: 5 } })).toContain(
    "limit rate over 10/second burst 5 packets",
  );
});
