import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";

/** Authenticates texts with a key that is not where the texts are. Returns hex. */
export type Authenticate = (...texts: readonly string[]) => string;

/**
 * Returns HMAC-SHA256 over a list of texts. No two lists give the same input.
 * @param key 32 bytes
 */
export function authenticator(key: Buffer): Authenticate {
  if (key.length !== 32) throw new RangeError("an authentication key has 32 bytes");
  return (...texts) => feed(createHmac("sha256", key), texts);
}

/** Returns SHA-256 over a list of texts, in hex. No two lists give the same input. */
export function digestTexts(texts: readonly string[]): string {
  return feed(createHash("sha256"), texts);
}

/** Each text is preceded by its length: the borders count. */
function feed(sink: Hash | Hmac, texts: readonly string[]): string {
  for (const text of texts) sink.update(`${text.length}:${text}`);
  return sink.digest("hex");
}
