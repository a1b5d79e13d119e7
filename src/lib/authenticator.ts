import { createHmac, createSecretKey, hash } from "node:crypto";

/** Authenticates texts with a key that is not where the texts are. Returns hex. */
export type Authenticate = (...texts: readonly string[]) => string;

/**
 * Returns HMAC-SHA256 over a list of texts. No two lists give the same input.
 * @param key 32 bytes
 */
export function authenticator(key: Buffer): Authenticate {
  if (key.length !== 32) throw new RangeError("an authentication key has 32 bytes");
  // Given as bytes, the key would be taken in anew for every text: ten times the work.
  const secret = createSecretKey(key);
  return (...texts) => createHmac("sha256", secret).update(framed(texts)).digest("hex");
}

/** Returns SHA-256 over a list of texts, in hex. No two lists give the same input. */
export function digestTexts(texts: readonly (string | null)[]): string {
  return hash("sha256", framed(texts));
}

/** Each text is preceded by its length: the borders count, and null is not the same as an empty text. */
function framed(texts: readonly (string | null)[]): string {
  let all = "";
  for (const text of texts) all += text === null ? "-" : `${text.length}:${text}`;
  return all;
}
