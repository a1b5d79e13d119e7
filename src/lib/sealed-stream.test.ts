import { Readable } from "node:stream";
import type { Transform } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import {
  isSealed,
  openUnder,
  sealOpener,
  sealedHeaderBytes,
  sealStream,
  sealUnder,
} from "./sealed-stream.ts";

async function seal(plain: Buffer, passphrase = "open sesame"): Promise<Buffer> {
  return buffer(Readable.from([plain]).pipe(await sealStream(passphrase)));
}

const header = (sealed: Buffer): Buffer => sealed.subarray(0, sealedHeaderBytes);

/** What is behind the header comes in pieces of some bytes, as of a file it may. */
function openBy(opener: Transform, sealed: Buffer, pieceBytes = 7): Promise<Buffer> {
  const body = sealed.subarray(sealedHeaderBytes);
  const pieces = Array.from({ length: Math.ceil(body.length / pieceBytes) }, (_, index) =>
    body.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  return buffer(Readable.from(pieces).pipe(opener));
}

async function open(sealed: Buffer, passphrase = "open sesame"): Promise<Buffer> {
  return openBy((await sealOpener(passphrase, header(sealed)))(), sealed);
}

function change(sealed: Buffer, place: number): Buffer {
  const changed = Buffer.from(sealed);
  changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
  return changed;
}

test.each([0, 1, 15, 16, 17, 1_000])("%i bytes come back as they were, and do not show", async (bytes) => {
  const plain = Buffer.alloc(bytes, "secret ");
  const key = Buffer.alloc(32, 1);
  const sealed = await buffer(Readable.from([plain]).pipe(sealUnder(key, Buffer.alloc(16, 2))));
  expect(isSealed(sealed)).toBe(true);
  expect(isSealed(plain)).toBe(false);
  expect(sealed.includes("secret secret")).toBe(false);
  expect(await openBy(openUnder(key, header(sealed)), sealed)).toEqual(plain);
});

test("the passphrase opens; a wrong one, a changed byte anywhere, and an end that is missing are found", async () => {
  const sealed = await seal(Buffer.from("secret"));
  await expect(open(sealed, "open says me")).rejects.toThrow(/passphrase is wrong, or the file was changed/);
  const opener = await sealOpener("open sesame", header(sealed));
  expect(String(await openBy(opener(), sealed))).toBe("secret");
  await expect(openBy(opener(), sealed.subarray(0, -1))).rejects.toThrow(/cut off/);
  for (const place of [16, 32, sealedHeaderBytes - 1]) {
    await expect(open(change(sealed, place))).rejects.toThrow(/changed/);
  }
  for (const place of [sealedHeaderBytes, sealed.length - 1]) {
    await expect(openBy(opener(), change(sealed, place))).rejects.toThrow(/changed/);
  }
});

test("the same passphrase seals differently each time", async () => {
  const [one, other] = [await seal(Buffer.from("secret")), await seal(Buffer.from("secret"))];
  expect(one.equals(other)).toBe(false);
});
