import { BlockList } from "node:net";

/** Which sources of the consumer's network may connect to one endpoint. */
export class SourceFilter {
  readonly #allowed = new BlockList();

  /** @param sources IPv4 addresses and CIDRs; nobody may connect where there are none */
  constructor(sources: readonly string[]) {
    for (const source of sources) {
      const [address = "", length = "32"] = source.split("/");
      this.#allowed.addSubnet(address, Number(length), "ipv4");
    }
  }

  /** @param source undefined where the peer is gone already: nobody is let in without an address */
  allows(source: string | undefined): boolean {
    return source !== undefined && this.#allowed.check(source, "ipv4");
  }
}
