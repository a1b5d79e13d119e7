/**
 * Tells whether a parsed JSON value is an object, and takes its shape from the caller. The server's answers are
 * documented, so only what would make every later step meaningless is checked; texts are made harmless when shown.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the documented shape
export function isJsonObject<Shape extends object = Readonly<Record<string, unknown>>>(
  value: unknown,
): value is Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tells whether a parsed JSON value is a list of objects, whose shape the caller knows. */
export function isJsonList<Item extends object>(value: unknown): value is Item[] {
  return Array.isArray(value) && value.every((item) => isJsonObject(item));
}
