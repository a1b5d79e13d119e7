const typeMask = 0x3fff;

/** The attributes of one message or nested attribute, by type. Where a type comes twice, the last one counts. */
export type Attributes = ReadonlyMap<number, Buffer>;

/** Calls `each` for every attribute in `bytes`, in order. Stops at the first malformed one. */
export function forEachAttribute(bytes: Buffer, each: (type: number, value: Buffer) => void): void {
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) return;
    each(bytes.readUInt16LE(at + 2) & typeMask, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
}

/** Returns views into `bytes`: they change with it. */
export function readAttributes(bytes: Buffer): Attributes {
  const attributes = new Map<number, Buffer>();
  forEachAttribute(bytes, (type, value) => attributes.set(type, value));
  return attributes;
}

/** Follows a path of nested attributes; undefined where one of them is missing. */
export function attributeAt(bytes: Buffer, ...path: readonly number[]): Buffer | undefined {
  let here: Buffer | undefined = bytes;
  for (const type of path) here = here && readAttributes(here).get(type);
  return here;
}

/** Text up to its zero byte. */
export function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
}

/**
 * Finds an attribute without making anything: for lists of many thousands. The first of its type counts.
 * @param from where the first attribute begins @param to where the last one ends
 * @returns where its header begins, with the whole of it before `to`; -1 where there is none
 */
export function findAttribute(bytes: Buffer, type: number, from: number, to: number): number {
  let at = from;
  while (at + 4 <= to) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > to) return -1;
    if ((bytes.readUInt16LE(at + 2) & typeMask) === type) return at;
    at += (length + 3) & ~3;
  }
  return -1;
}

/** As `findAttribute`, down a path of nested attributes. */
export function findNested(bytes: Buffer, path: readonly number[], from: number, to: number): number {
  let [start, end, at] = [from, to, -1];
  for (const type of path) {
    at = findAttribute(bytes, type, start, end);
    if (at < 0) return -1;
    start = at + 4;
    end = at + bytes.readUInt16LE(at);
  }
  return at;
}

/** The number in an attribute that was found, of 64 bits in the network's order; 0 where it is shorter. */
export function readLong(bytes: Buffer, attribute: number): number {
  if (attribute < 0 || bytes.readUInt16LE(attribute) < 12) return 0;
  return bytes.readUInt32BE(attribute + 4) * 2 ** 32 + bytes.readUInt32BE(attribute + 8);
}

/** The number in an attribute that was found, of 32 bits in the network's order; 0 where it is shorter. */
export function readWord(bytes: Buffer, attribute: number): number {
  return attribute < 0 || bytes.readUInt16LE(attribute) < 8 ? 0 : bytes.readUInt32BE(attribute + 4);
}
