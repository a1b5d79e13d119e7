import { compareText } from "../../lib/compare-text.ts";
import type { AccountId } from "../ids.ts";
import { isWhitelisted } from "../whitelist.ts";
import type { ImportedPermission } from "./check-permissions.ts";
import type { Listing } from "./listing.ts";
import type { PlacedConnection } from "./place-connections.ts";

/** Returns in which way the installation will differ from what the listing shows, or from what one might expect. */
export function notesOf(
  listing: Listing,
  permissions: readonly ImportedPermission[],
  connections: readonly PlacedConnection[],
  owner: AccountId,
): readonly string[] {
  const texts = permissions.map(({ permission }) => permission);
  const silent = connections.filter(
    ({ network }) => !("used" in network) || network.attachment.kind === "none",
  );
  const unlisted = connections.filter(
    ({ approval, accountId }) => approval === "accepted" && !isWhitelisted(texts, owner, accountId),
  );
  const times = [...listing.connections, ...listing.permissions].flatMap((entry) => [
    entry.createdAt,
    ...("updatedAt" in entry && entry.updatedAt !== null ? [entry.updatedAt] : []),
  ]);
  const notes: readonly (readonly [boolean, string])[] = [
    [
      silent.length > 0,
      `${silent.length} connections are in networks that no gateway is attached to: they are kept, and carry nothing.`,
    ],
    [
      unlisted.length > 0,
      `${unlisted.length} connections are accepted although the whitelist does not have their account; they stay so.`,
    ],
    [
      listing.connections.some(({ hasNull }) => hasNull),
      "Fields of connections that are null in the listing, such as update_at, are left out of the answer.",
    ],
    [
      times.some((time) => !time.endsWith("Z")),
      "Times without a zone are taken for UTC, and come back with a Z.",
    ],
    [!isSorted(connections, -1), "Connections come back newest first, those of one second by id."],
    [!isSorted(permissions, 1), "Whitelist entries come back oldest first, those of one second by id."],
  ];
  return notes.filter(([applies]) => applies).map(([, text]) => text);
}

interface Dated {
  readonly id: string;
  readonly createdAt: number;
}

function isSorted(items: readonly Dated[], direction: 1 | -1): boolean {
  const order = (a: Dated, b: Dated): number =>
    direction * (a.createdAt - b.createdAt) || compareText(a.id, b.id);
  return items.toSorted(order).every((item, index) => item === items[index]);
}
