import type { ApiClient } from "./client.ts";

const pageSize = 1_000;
const mostItems = 10_000;

/**
 * Reads a list page by page, at most 10,000 items of it.
 * @param key of the list in the answer
 */
export async function getAll<Item>(
  api: ApiClient,
  path: string,
  key: string,
  signal: AbortSignal,
  filter: Readonly<Record<string, string>> = {},
): Promise<readonly Item[]> {
  const all: Item[] = [];
  while (all.length < mostItems) {
    const query = { ...filter, limit: pageSize, offset: all.length };
    const page = await api.get<Readonly<Record<string, readonly Item[]>>>(path, query, signal);
    const items = page[key] ?? [];
    all.push(...items);
    if (items.length < pageSize) break;
  }
  return all;
}
