import { randomInt } from "node:crypto";
import { decode, type Answer } from "dns-packet";
import { parseIpv6 } from "../../../lib/ipv6.ts";
import { exchange, ExchangeError, type ServerAddress } from "./exchange.ts";
import { transferQuery, updateMessage, type NameChange } from "./update-message.ts";

/** Addresses by name. */
export type Names = ReadonlyMap<string, readonly string[]>;

/** So that a message is far from the 65,535 bytes that it may have. */
export const mostChanges = 100;

/** A zone of somebody else's name server, in which some names are ours. */
export class KeptZone {
  readonly #server: ServerAddress;
  readonly #zone: string;
  readonly #signal: AbortSignal;

  constructor(server: ServerAddress, zone: string, signal: AbortSignal) {
    this.#server = server;
    this.#zone = zone;
    this.#signal = signal;
  }

  /**
   * Asks for the names that the zone has (AXFR). @param isOurs of a name in lower case; others are skipped
   * @throws ExchangeError, TsigError, the system's error
   */
  async read(isOurs: (name: string) => boolean): Promise<Names> {
    const names = new Map<string, string[]>();
    let apexes = 0;
    await exchange(
      this.#server,
      transferQuery(newId(), this.#zone),
      (message) => {
        const answers = answersOf(message);
        // An answer without end would never come to the second one.
        if (apexes === 0 && answers[0]?.type !== "SOA")
          throw new ExchangeError("It does not transfer the zone.");
        for (const answer of answers) {
          if (answer.type === "SOA") apexes += 1;
          if (answer.type !== "A" && answer.type !== "AAAA") continue;
          const name = answer.name.toLowerCase();
          if (!isOurs(name)) continue;
          const address = parseIpv6(answer.data) ?? answer.data;
          const addresses = names.get(name);
          if (addresses) addresses.push(address);
          else names.set(name, [address]);
        }
        return apexes >= 2;
      },
      this.#signal,
    );
    return names;
  }

  /** Either all is done or nothing. @param changes at most 100 @throws as `read` */
  async write(changes: readonly NameChange[], ttlS: number): Promise<void> {
    await exchange(this.#server, updateMessage(newId(), this.#zone, changes, ttlS), () => true, this.#signal);
  }
}

function newId(): number {
  return randomInt(65_536);
}

function answersOf(message: Buffer): readonly Answer[] {
  try {
    return decode(message).answers ?? [];
  } catch (error) {
    throw new ExchangeError("What it answered is no DNS message.", { cause: error });
  }
}
