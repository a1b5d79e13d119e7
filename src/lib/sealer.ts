import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const ivBytes = 12;
const tagBytes = 16;

/** Encrypts secrets that must be read again (node passwords, secret keys), with AES-256-GCM. */
export class Sealer {
  readonly #key: Buffer;

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new RangeError("a sealing key has 32 bytes");
    this.#key = key;
  }

  /** Returns base64 of nonce, tag and ciphertext. */
  seal(plain: string): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv);
    const ciphertext = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString("base64");
  }

  /** @throws Error where the text was not sealed with this key, or was changed */
  unseal(sealed: string): string {
    const bytes = Buffer.from(sealed, "base64");
    const iv = bytes.subarray(0, ivBytes);
    // Without the length, a text that was cut inside its tag would be checked against what is left of it.
    const decipher = createDecipheriv("aes-256-gcm", this.#key, iv, { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString(
      "utf8",
    );
  }

  /**
   * Returns 32 bytes of a key for something else, the same for the same purpose: who has them learns nothing of the key.
   * @param purpose never that of another use
   */
  deriveKey(purpose: string): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#key, "", `postern ${purpose}`, 32));
  }
}
