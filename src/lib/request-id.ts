import { randomBytes } from "node:crypto";

const counterDigits = 12;
const counterSpan = 16 ** counterDigits;

/**
 * Returns a source of ids of 32 hex digits: unique, since the first 20 are random for each source and the rest count.
 * Asking for random bytes at every request would cost more than routing it.
 */
export function requestIdSource(): () => string {
  const prefix = randomBytes(10).toString("hex");
  let counter = 0;
  return () => {
    counter = (counter + 1) % counterSpan;
    return prefix + counter.toString(16).padStart(counterDigits, "0");
  };
}
