import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Sealer } from "./sealer.ts";

test("unseals what it sealed, whatever the text, and never seals it the same way twice", () => {
  const sealer = new Sealer(randomBytes(32));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom("", "grün 東京 🔑")), (plain) => {
      const sealed = sealer.seal(plain);
      expect(sealer.unseal(sealed)).toBe(plain);
      expect(sealer.seal(plain)).not.toBe(sealed);
    }),
  );
});

test("refuses a text that was changed anywhere, cut, or sealed with another key", () => {
  const sealer = new Sealer(randomBytes(32));
  const sealed = sealer.seal("node password");
  const bytes = Buffer.from(sealed, "base64");
  for (const index of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => sealer.unseal(changed.toString("base64"))).toThrow(Error);
  }
  for (const length of bytes.keys()) {
    expect(() => sealer.unseal(bytes.subarray(0, length).toString("base64"))).toThrow(Error);
  }
  expect(() => new Sealer(randomBytes(32)).unseal(sealed)).toThrow(Error);
});

test("an empty text whose tag was cut short is refused too", () => {
  const sealer = new Sealer(randomBytes(32));
  const sealed = Buffer.from(sealer.seal(""), "base64");
  expect(() => sealer.unseal(sealed.subarray(0, 20).toString("base64"))).toThrow(Error);
});

test("a key of another length is refused", () => {
  expect(() => new Sealer(randomBytes(31))).toThrow(RangeError);
});
