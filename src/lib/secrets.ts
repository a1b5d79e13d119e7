import { hash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const scryptAsync = promisify(scrypt) as (password: string, salt: Buffer, length: number) => Promise<Buffer>;
const saltBytes = 16;
const keyBytes = 32;

/** Returns a new token: 256 random bits, with a prefix that a secret scanner can recognise. */
export function newToken(): string {
  return `postern_${randomBytes(32).toString("base64url")}`;
}

/** Tokens are random, so a plain hash suffices: there is nothing to guess. */
export function hashToken(token: string): string {
  return hash("sha256", token);
}

/** Whether two secrets are the same. How long it takes tells nothing of either. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(hash("sha256", one, "buffer"), hash("sha256", other, "buffer"));
}

export function newPassword(): string {
  return randomBytes(18).toString("base64url");
}

/** Returns an access key pair in the published shape: 20 upper-case letters and digits, and 40 of any case. */
export function newAccessKeyPair(): { readonly id: string; readonly secret: string } {
  return {
    id: pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20),
    secret: pick("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40),
  };
}

/** Returns `scrypt$salt$key`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const key = await scryptAsync(password, salt, keyBytes);
  return `scrypt$${salt.toString("base64")}$${key.toString("base64")}`;
}

/**
 * @param kept what `hashPassword` returned
 * @returns false for a wrong password, and as slowly where nothing was kept
 */
export async function verifyPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [scheme, salt = "", key = ""] = (kept ?? "").split("$");
  const wanted = Buffer.from(key, "base64");
  const actual = await scryptAsync(password, Buffer.from(salt, "base64"), keyBytes);
  return scheme === "scrypt" && wanted.length === keyBytes && timingSafeEqual(wanted, actual);
}

function pick(alphabet: string, length: number): string {
  let text = "";
  // Bytes past the last whole multiple of the alphabet are thrown away, so that no letter is likelier.
  const limit = 256 - (256 % alphabet.length);
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
