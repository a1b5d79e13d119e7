/** Whether two values that came from JSON say the same. The order of an object's members does not count. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  let members = 0;
  for (const key in one) {
    if (!Object.hasOwn(other, key) || !isSameJson(one[key], other[key])) return false;
    members += 1;
  }
  // Without making lists of names: there are hundreds of thousands of objects to compare.
  for (const _key in other) members -= 1;
  return members === 0;
}
