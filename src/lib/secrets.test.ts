import { scryptSync } from "node:crypto";
import { expect, test } from "vitest";
import {
  hashPassword,
  hashToken,
  newAccessKeyPair,
  newPassword,
  newToken,
  verifyPassword,
} from "./secrets.ts";

test("tokens carry the prefix that scanners look for, and 256 random bits", () => {
  const tokens = Array.from({ length: 50 }, () => newToken());
  expect(new Set(tokens).size).toBe(50);
  for (const token of tokens) expect(token).toMatch(/^postern_[A-Za-z0-9_-]{43}$/);
});

test("the hash of a token is SHA-256 in hex", () => {
  expect(hashToken("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("access keys have the published shape and use the whole alphabet", () => {
  const pairs = Array.from({ length: 200 }, () => newAccessKeyPair());
  for (const { id, secret } of pairs) {
    expect(id).toMatch(/^[A-Z0-9]{20}$/);
    expect(secret).toMatch(/^[A-Za-z0-9]{40}$/);
  }
  expect(new Set(pairs.map(({ id }) => id).join("")).size).toBe(36);
  expect(new Set(pairs.map(({ secret }) => secret).join("")).size).toBe(62);
});

test("no letter of a key is likelier than another", () => {
  const text = Array.from({ length: 500 }, () => newAccessKeyPair().secret).join("");
  // 8 of 62 letters; taking random bytes modulo 62 would bring them 5 times in 32, which is 13 deviations away.
  const early = text.replaceAll(/[^A-H]/g, "").length;
  const expected = (text.length * 8) / 62;
  const deviation = Math.sqrt(expected * (1 - 8 / 62));
  expect(Math.abs(early - expected) / deviation).toBeLessThan(6);
});

test("a stored password verifies with scrypt and its own salt", async () => {
  const password = newPassword();
  const stored = await hashPassword(password);
  expect(await hashPassword(password)).not.toBe(stored);
  const [scheme, salt = "", key = ""] = stored.split("$");
  expect(scheme).toBe("scrypt");
  expect(scryptSync(password, Buffer.from(salt, "base64"), 32).toString("base64")).toBe(key);
});

test("a password is right or wrong, and wrong where none is kept or what is kept is damaged", async () => {
  const kept = await hashPassword("right");
  expect(await verifyPassword("right", kept)).toBe(true);
  expect(await verifyPassword("Right", kept)).toBe(false);
  for (const damaged of [undefined, "", "scrypt$$", kept.slice(0, -6), kept.replace("scrypt", "plain")]) {
    expect(await verifyPassword("right", damaged)).toBe(false);
  }
});
