import { BlockList, isIPv6 } from "node:net";

/** Which sources of the consumer's network may connect to one endpoint. */
export class SourceFilter {
  readonly #allowed = new BlockList();

  /** @param sources addresses and CIDRs of either family; nobody may connect where there are none */
  constructor(sources: readonly string[]) {
    for (const source of sources) {
      const [address = "", length = isIPv6(address) ? "128" : "32"] = source.split("/");
      this.#allowed.addSubnet(address, Number(length), familyOf(address));
    }
  }

  /** @param source undefined where the peer is gone already: nobody is let in without an address */
  allows(source: string | undefined): boolean {
    return source !== undefined && this.#allowed.check(source, familyOf(source));
  }
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
