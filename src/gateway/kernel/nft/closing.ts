import { tableName } from "./schema.ts";

/** The set of this name is there while nothing passes. */
export const closedSet = "closed";

/** Endpoints have numbers from here on; lower flow marks are other programs'. */
export const firstEndpointNumber = 16_777_216;

/** Before the kernel's tracking, and before all of Postern's own chains. */
const priority = -310;

/**
 * Returns rules, as nft's text, by which nothing passes: nothing of these interfaces comes in, and no session's packets go
 * on. They stand in for the elements that new tables do not have yet: without either, a host that forwards would be an open
 * door, and would answer the packets of live sessions itself, with resets. What is dropped both ends send again.
 * @param devices of the networks that are carried; nothing is to be closed where there are none
 */
export function closedText(devices: readonly string[]): string {
  // Only the kernel's own names come here; what else there might be would be read as rules.
  const names = devices.filter((device) => /^[^\s"\\]{1,15}$/.test(device)).map((device) => `"${device}"`);
  if (names.length === 0) return "";
  return `table inet ${tableName} {
  set ${closedSet} { type ifname; elements = { ${names.join(", ")} } }
  chain closed_in { type filter hook prerouting priority ${priority}; policy accept; iifname @${closedSet} drop; }
  chain closed_through { type filter hook forward priority ${priority}; policy accept; ct mark >= ${firstEndpointNumber} drop; }
}
table arp ${tableName} {
  chain closed_in { type filter hook input priority ${priority}; policy accept; iifname { ${names.join(", ")} } drop; }
}
`;
}

/** Takes what `closedText` made away. */
export const openedText = `delete chain inet ${tableName} closed_in
delete chain inet ${tableName} closed_through
delete set inet ${tableName} ${closedSet}
delete chain arp ${tableName} closed_in
`;
