import { setImmediate } from "node:timers/promises";

/** Items that are looked at between two turns of the event loop: a fraction of a millisecond. */
const itemsATurn = 1_000;

/**
 * Returns the rows of very many items, and lets everybody else have his turn in between.
 * @param rowOf undefined where an item has none
 */
export async function rowsInTurns<Item, Row>(
  items: readonly Item[],
  rowOf: (item: Item) => Row | undefined,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [index, item] of items.entries()) {
    const row = rowOf(item);
    if (row !== undefined) rows.push(row);
    if ((index + 1) % itemsATurn === 0) await setImmediate();
  }
  return rows;
}
