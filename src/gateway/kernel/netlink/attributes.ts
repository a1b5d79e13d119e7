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
