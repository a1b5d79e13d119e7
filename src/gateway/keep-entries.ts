import type { Snapshot } from "../domain/snapshot.ts";
import { isSameJson } from "../lib/same-json.ts";

/**
 * Returns a snapshot that says what `after` says, with the objects of `before` for what both say alike: what comes after
 * tells by identity which of many thousand endpoints have changed.
 */
export function keepEntries(before: Snapshot | undefined, after: Snapshot): Snapshot {
  if (!before) return after;
  const { networks, ...rest } = after;
  return {
    ...rest,
    endpoints: keep(before.endpoints, after.endpoints),
    services: keep(before.services, after.services),
    ...(networks ? { networks: keep(before.networks ?? [], networks) } : {}),
  };
}

function keep<Entry extends { readonly id: string }>(
  before: readonly Entry[],
  after: readonly Entry[],
): readonly Entry[] {
  const known = new Map(before.map((entry) => [entry.id, entry]));
  return after.map((entry) => {
    const same = known.get(entry.id);
    return same && isSameJson(same, entry) ? same : entry;
  });
}
