import { createHmac } from "node:crypto";

/**
 * Returns HMAC-SHA256 over a list of texts, in hex. No two lists give the same input: each text is preceded by its
 * length.
 * @param key 32 bytes
 */
export function authenticator(key: Buffer): (...texts: readonly string[]) => string {
  if (key.length !== 32) throw new RangeError("an authentication key has 32 bytes");
  return (...texts) => {
    const hmac = createHmac("sha256", key);
    for (const text of texts) hmac.update(`${text.length}:${text}`);
    return hmac.digest("hex");
  };
}
