import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { number16, sign, TsigVerifier, wireName, type TsigKey } from "./tsig.ts";
import { transferQuery } from "./update-message.ts";

const key: TsigKey = { name: "Postern-Key", secret: Buffer.alloc(32, 7) };
const nowS = 1_790_000_000;
const query = sign(transferQuery(1, "example.com"), key, nowS);

interface Wish {
  readonly by?: TsigKey;
  readonly error?: number;
  readonly atS?: number;
  readonly mac?: Buffer;
}

/** Signs an answer as a name server does, from the text of RFC 8945. */
function signAnswer(
  bare: Buffer,
  before: Buffer,
  { by = key, error = 0, atS = nowS, mac }: Wish = {},
): Buffer {
  const times = Buffer.concat([number16(0), Buffer.alloc(4), number16(300)]);
  times.writeUIntBE(atS, 0, 6);
  const [name, algorithm] = [wireName(by.name), wireName("HMAC-SHA256")];
  const variables = [
    name,
    number16(255),
    Buffer.alloc(4),
    wireName("hmac-sha256"),
    times,
    number16(error),
    number16(0),
  ];
  const digest = createHmac("sha256", by.secret);
  for (const part of [number16(before.length), before, bare, ...variables]) digest.update(part);
  const own = mac ?? digest.digest();
  const data = Buffer.concat([
    algorithm,
    times,
    number16(own.length),
    own,
    number16(1),
    number16(error),
    number16(0),
  ]);
  const head = [number16(250), number16(255), Buffer.alloc(4), number16(data.length)];
  const signed = Buffer.concat([bare, name, ...head, data]);
  signed.writeUInt16BE(1, 10);
  return signed;
}

const answer = transferQuery(1, "example.com");

function verify(message: Buffer): Buffer {
  const verifier = new TsigVerifier(key, query.mac);
  const bare = verifier.take(message, nowS);
  expect(verifier.isSettled).toBe(true);
  return bare;
}

test("what the holder of the key signed is taken, without its signature", () => {
  expect(verify(signAnswer(answer, query.mac))).toEqual(answer);
});

test("what is no answer to this question, or was changed, is not taken", () => {
  const signed = signAnswer(answer, query.mac);
  const changed = Buffer.from(signed);
  changed.writeUInt8(changed.readUInt8(3) ^ 1, 3);
  const doesNotHold = "The signature of the name server's answer does not hold.";
  expect(() => verify(changed)).toThrow(doesNotHold);
  expect(() => verify(signAnswer(answer, Buffer.alloc(32)))).toThrow(doesNotHold);
  expect(() => verify(signAnswer(answer, query.mac, { by: { ...key, secret: Buffer.alloc(32) } }))).toThrow(
    doesNotHold,
  );
  expect(() => verify(signAnswer(answer, query.mac, { mac: Buffer.alloc(0) }))).toThrow(doesNotHold);
  expect(() => verify(signAnswer(answer, query.mac, { by: { ...key, name: "other" } }))).toThrow(
    "with another key",
  );
  expect(() => verify(signAnswer(answer, query.mac, { atS: nowS - 301 }))).toThrow("set this host's and");
  expect(() => verify(answer)).toThrow("has no signature");
});

test("a server that does not accept the question says why, with or without a signature", () => {
  expect(() => verify(signAnswer(answer, query.mac, { error: 17, mac: Buffer.alloc(0) }))).toThrow(
    "no such key",
  );
  expect(() => verify(signAnswer(answer, query.mac, { error: 16, mac: Buffer.alloc(0) }))).toThrow(
    "secrets of the key differ",
  );
  expect(() => verify(signAnswer(answer, query.mac, { error: 18 }))).toThrow(
    "clocks are more than 300 s apart",
  );
});

test("messages behind the first may be unsigned, but not the last, and no more than 99 in a row", () => {
  const verifier = new TsigVerifier(key, query.mac);
  verifier.take(signAnswer(answer, query.mac), nowS);
  for (let count = 0; count < 99; count += 1) verifier.take(answer, nowS);
  expect(verifier.isSettled).toBe(false);
  expect(() => verifier.take(answer, nowS)).toThrow("Too many messages");
});

test("nothing that comes instead of a message does harm", () => {
  const signed = signAnswer(answer, query.mac);
  for (let length = 12; length < signed.length; length += 1)
    expect(() => verify(signed.subarray(0, length))).toThrow(/no DNS message|has no signature/);
  expect(() => verify(Buffer.concat([signed, Buffer.alloc(3)]))).toThrow("no DNS message");
});
