import { isSameJson } from "../../../lib/same-json.ts";
import type { PublishedAddresses } from "../view.ts";
import type { Names } from "./kept-zone.ts";
import type { NameChange } from "./update-message.ts";

/** Addresses by whole name in lower case. */
export type WantedNames = ReadonlyMap<string, PublishedAddresses>;

/**
 * Returns what has to change for a zone to have the wanted names and no others. A name of which is not known whether it
 * leads anywhere stays as it is. Pure.
 */
export function nameChanges(known: Names, wanted: WantedNames): readonly NameChange[] {
  const changes: NameChange[] = [];
  for (const [name, addresses] of known)
    if (addresses.length > 0 && !wanted.has(name)) changes.push({ name, addresses: [] });
  for (const [name, addresses] of wanted) {
    if (addresses === "unknown") continue;
    if (!isSameJson(inOrder(known.get(name) ?? []), inOrder(addresses))) changes.push({ name, addresses });
  }
  return changes;
}

function inOrder(addresses: readonly string[]): readonly string[] {
  return addresses.toSorted();
}
