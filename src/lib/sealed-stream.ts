import { createCipheriv, createDecipheriv, randomBytes, scrypt, type ScryptOptions } from "node:crypto";
import { Transform } from "node:stream";
import { promisify } from "node:util";

/** Begins every sealed stream. */
const magic = Buffer.from("postern-sealed-1");
const saltBytes = 16;
const ivBytes = 12;
const tagBytes = 16;
const headerBytes = magic.length + saltBytes + ivBytes;
const keyBytes = 32;
/** Half a second and 128 MiB for each guess at a passphrase. */
const cost: ScryptOptions = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

const derive = promisify(scrypt) as (
  passphrase: string,
  salt: Buffer,
  length: number,
  options: ScryptOptions,
) => Promise<Buffer>;

/** Whether bytes from the beginning of a file (at least 16) are those of a sealed stream. */
export function isSealed(beginning: Buffer): boolean {
  return beginning.subarray(0, magic.length).equals(magic);
}

/** Returns a stream that encrypts what goes through, up to 64 GiB, with AES-256-GCM under a key that scrypt makes of the passphrase. */
export async function sealStream(passphrase: string): Promise<Transform> {
  const salt = randomBytes(saltBytes);
  return sealUnder(await derive(passphrase, salt, keyBytes, cost), salt);
}

/** As `sealStream`, under a key of 32 bytes that was made already with the salt of 16 bytes. */
export function sealUnder(key: Buffer, salt: Buffer): Transform {
  const iv = randomBytes(ivBytes);
  const header = Buffer.concat([magic, salt, iv]);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(header);
  const stream = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, cipher.update(chunk)),
    flush: (done) => done(null, Buffer.concat([cipher.final(), cipher.getAuthTag()])),
  });
  stream.push(header);
  return stream;
}

/**
 * Returns what makes streams that open what `sealStream` made: each of them once, from the byte behind the header on.
 * Nothing of it is to be trusted before it has ended without an error: only then it is known that every byte is as it was.
 * @param header the first 44 bytes
 */
export async function sealOpener(passphrase: string, header: Buffer): Promise<() => Transform> {
  const salt = header.subarray(magic.length, magic.length + saltBytes);
  const key = await derive(passphrase, salt, keyBytes, cost);
  return () => openUnder(key, header);
}

/** Returns a stream that opens what `sealUnder` made with the key, from the byte behind the header on. */
export function openUnder(key: Buffer, header: Buffer): Transform {
  const iv = header.subarray(magic.length + saltBytes, headerBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
  decipher.setAAD(header);
  // The last 16 bytes are the tag: they are known when nothing comes behind them.
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const bytes = Buffer.concat([held, chunk]);
      const end = Math.max(0, bytes.length - tagBytes);
      held = bytes.subarray(end);
      done(null, decipher.update(bytes.subarray(0, end)));
    },
    flush: (done) => {
      try {
        decipher.setAuthTag(held);
        done(null, decipher.final());
      } catch {
        done(new Error("the passphrase is wrong, or the file was changed or cut off"));
      }
    },
  });
}

/** How many bytes of a sealed stream `sealOpener` wants to know beforehand. */
export const sealedHeaderBytes = headerBytes;
