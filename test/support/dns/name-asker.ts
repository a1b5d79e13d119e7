import { Resolver } from "node:dns/promises";

/** What a name leads to, as text: an address or the resolver's error for each family. */
export type Found = `A ${string}, AAAA ${string}`;

/** There is no such name. */
export const noName: Found = "A ENOTFOUND, AAAA ENOTFOUND";

/** What is found of a name with these addresses. */
export function foundAt(address: string, address6: string | undefined): Found {
  return `A ${address}, AAAA ${address6 ?? "ENODATA"}`;
}

/** Asks one name server, and keeps nothing of what it says. */
export class NameAsker {
  readonly #resolver = new Resolver({ timeout: 1_000, tries: 3 });
  readonly #mostTtlS: number;

  /** @param mostTtlS answers that may be kept for longer, in seconds, count as wrong */
  constructor(address: string, port: number, mostTtlS: number) {
    this.#resolver.setServers([`${address}:${port}`]);
    this.#mostTtlS = mostTtlS;
  }

  async find(name: string): Promise<Found> {
    const options = { ttl: true } as const;
    const [a, aaaa] = await Promise.all([
      this.#textOf(this.#resolver.resolve4(name, options)),
      this.#textOf(this.#resolver.resolve6(name, options)),
    ]);
    return `A ${a}, AAAA ${aaaa}`;
  }

  async #textOf(
    asked: Promise<readonly { readonly address: string; readonly ttl: number }[]>,
  ): Promise<string> {
    try {
      const records = await asked;
      return records
        .map(({ address, ttl }) => (ttl > this.#mostTtlS ? `${address} for ${ttl} s` : address))
        .join(" ");
    } catch (error) {
      if (error instanceof Error && "code" in error) return String(error.code);
      throw error;
    }
  }
}
