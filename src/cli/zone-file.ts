import { isIPv6 } from "node:net";

export interface ZoneContent {
  readonly zone: string;
  /** The name server's address in the network; left out where it has none. */
  readonly nameServer?: string;
  /** How long answers may be kept, in seconds. */
  readonly ttlS: number;
  /** From 0 to 2^32-1; a later file's has to be higher. */
  readonly serial: number;
  readonly names: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

/** Returns a zone as a file (RFC 1035, section 5) that every name server reads. */
export function renderZoneFile({ zone, nameServer, ttlS, serial, names }: ZoneContent): string {
  // A zone has to name a server; whoever loads this file may name his own.
  const server = nameServer === undefined ? "localhost." : "ns";
  return [
    `$ORIGIN ${zone}.`,
    `$TTL ${ttlS}`,
    `@ IN SOA ${server} hostmaster ${serial} 3600 600 604800 ${ttlS}`,
    `@ IN NS ${server}`,
    ...(nameServer === undefined ? [] : [record("ns", nameServer)]),
    ...names.flatMap(({ name, addresses }) => addresses.map((address) => record(`${name}.`, address))),
  ].join("\n");
}

function record(name: string, address: string): string {
  return `${name} IN ${isIPv6(address) ? "AAAA" : "A"} ${address}`;
}
