export interface ListDifference<Item> {
  readonly gone: readonly Item[];
  readonly came: readonly Item[];
}

/**
 * Returns what is in one list only, by identity. Two long lists that differ in few places near to each other cost one
 * glance at each item: what they have in common at their ends is left out before anything is looked up.
 * @param before each item once @param after likewise, in any order
 */
export function listDifference<Item>(before: readonly Item[], after: readonly Item[]): ListDifference<Item> {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const [had, has] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const [known, wanted] = [new Set(had), new Set(has)];
  return { gone: had.filter((item) => !wanted.has(item)), came: has.filter((item) => !known.has(item)) };
}
