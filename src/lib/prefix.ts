/** Addresses of one family as numbers, first to last, both in. */
export interface Range<Value extends number | bigint> {
  readonly first: Value;
  readonly last: Value;
}

/** Whether the networks share an address. */
export function prefixesOverlap<Value extends number | bigint>(a: Range<Value>, b: Range<Value>): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Whether `inner` lies wholly in `outer`. */
export function prefixContains<Value extends number | bigint>(
  outer: Range<Value>,
  inner: Range<Value>,
): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}
