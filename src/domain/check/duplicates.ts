/** Returns every item but the first of those that have the same key. */
export function duplicates<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = keyOf(item);
    const isSecond = seen.has(key);
    seen.add(key);
    return isSecond;
  });
}
