import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { isSealed, sealOpener, sealedHeaderBytes, sealStream } from "./sealed-stream.ts";

async function seal(plain: Buffer, passphrase = "open sesame"): Promise<Buffer> {
  return buffer(Readable.from([plain]).pipe(await sealStream(passphrase)));
}

/** Comes in pieces of some bytes, as a file may. */
async function open(sealed: Buffer, passphrase = "open sesame", pieceBytes = 7): Promise<Buffer> {
  const opener = await sealOpener(passphrase, sealed.subarray(0, sealedHeaderBytes));
  const body = sealed.subarray(sealedHeaderBytes);
  const pieces = Array.from({ length: Math.ceil(body.length / pieceBytes) }, (_, index) =>
    body.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return buffer(Readable.from(pieces).pipe(opener()));
}

test.each([0, 1, 15, 16, 17, 1_000])("%i bytes come back as they were, and do not show", async (bytes) => {
  const plain = Buffer.alloc(bytes, "secret ");
  const sealed = await seal(plain);
  expect(isSealed(sealed)).toBe(true);
  expect(isSealed(plain)).toBe(false);
  expect(sealed.includes("secret secret")).toBe(false);
  expect(await open(sealed)).toEqual(plain);
});

test("a wrong passphrase, a changed byte anywhere, and an end that is missing are found", async () => {
  const sealed = await seal(Buffer.from("secret"));
  await expect(open(sealed, "open says me")).rejects.toThrow(/passphrase is wrong, or the file was changed/);
  await expect(open(sealed.subarray(0, -1))).rejects.toThrow(/cut off/);
  for (const place of [16, 32, sealedHeaderBytes - 1, sealedHeaderBytes, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
    await expect(open(changed)).rejects.toThrow(/changed/);
  }
});

test("the same passphrase seals differently each time", async () => {
  const [one, other] = [await seal(Buffer.from("secret")), await seal(Buffer.from("secret"))];
  expect(one.equals(other)).toBe(false);
});
