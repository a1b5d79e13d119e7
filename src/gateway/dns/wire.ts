/** Numbers and shapes of DNS messages (RFC 1035, section 4; RFC 6891). */

export const headerBytes = 12;
export const classIn = 1;
export const classAny = 255;
export const type = {
  a: 1,
  ns: 2,
  soa: 6,
  hinfo: 13,
  aaaa: 28,
  opt: 41,
  tsig: 250,
  ixfr: 251,
  axfr: 252,
  any: 255,
} as const;

export const responseCode = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  notAuthoritative: 9,
  notZone: 10,
  /** Its upper eight bits travel in the OPT record. */
  badVersion: 16,
} as const;

/** Without EDNS no answer over UDP is longer (RFC 1035, section 4.2.1). */
export const smallestUdpBytes = 512;
/** Longer ones get fragmented on some way or other (DNS flag day 2020). */
export const largestUdpBytes = 1_232;
export const largestTcpBytes = 65_535;

const mostLabelBytes = 63;
/** With the length bytes and the root's. */
const mostNameBytes = 255;

/**
 * Returns a name as tables are looked up by it: its wire form in lower case, one character a byte, without the root's
 * byte. `a.b` in text and the one label `a.b` on the wire are different keys.
 * @param name in text, of letters, digits, hyphens and dots
 */
export function nameKey(name: string): string {
  return name.toLowerCase().split(".").map(labelKey).join("");
}

/** Returns what the key of a name begins with. @param label in lower case, 1 to 63 characters */
export function labelKey(label: string): string {
  return String.fromCharCode(label.length) + label;
}

/** Whether the name of a key is another's, or lies below it. */
export function isWithin(key: string, apex: string): boolean {
  if (!key.endsWith(apex)) return false;
  const end = key.length - apex.length;
  let at = 0;
  while (at < end) at += 1 + key.charCodeAt(at);
  return at === end;
}

export interface ReadName {
  /** See `nameKey`. */
  readonly key: string;
  /** Where the next thing begins. */
  readonly end: number;
}

/** Reads a name that is written out; undefined where it is not, as nothing in a query has to be. */
export function readName(message: Buffer, start: number): ReadName | undefined {
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > mostLabelBytes) return undefined;
    if (length === 0) break;
    at += 1 + length;
    if (at - start >= mostNameBytes) return undefined;
  }
  return { key: lowerCase(message, start, at), end: at + 1 };
}

/** Returns where a name ends; undefined where it does not. A pointer ends it, and is not followed. */
export function skipName(message: Buffer, start: number): number | undefined {
  let at = start;
  for (;;) {
    const length = message[at];
    if (length === undefined || at - start >= mostNameBytes) return undefined;
    if (length >= 0xc0) return at + 2 <= message.length ? at + 2 : undefined;
    if (length > mostLabelBytes) return undefined;
    if (length === 0) return at + 1;
    at += 1 + length;
  }
}

/** Length bytes are at most 63, so none of them is a capital letter's code in a valid name: 65 to 90 are letters. */
function lowerCase(message: Buffer, start: number, end: number): string {
  for (let at = start; at < end; at += 1) {
    const byte = message[at] ?? 0;
    if (byte >= 0x41 && byte <= 0x5a) return lowerCaseCopy(message.subarray(start, end));
  }
  return message.toString("latin1", start, end);
}

function lowerCaseCopy(bytes: Buffer): string {
  return Buffer.from(bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte))).toString(
    "latin1",
  );
}
