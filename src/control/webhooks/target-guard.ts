import { lookup } from "node:dns/promises";
import { PosternError } from "../../domain/errors.ts";
import type { OwnNetworks, Store } from "../../domain/store.ts";
import { parseWebhookUrl } from "../../domain/webhook.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Ipv4 } from "../../lib/ipv4.ts";
import type { Ipv6 } from "../../lib/ipv6.ts";
import { AddressSet, plainAddress, specialPurpose } from "../../lib/special-address.ts";

/** Returns every address of a name. @throws Error with a code where it has none, or nobody knows */
export type HostLookup = (name: string) => Promise<readonly string[]>;

export const systemLookup: HostLookup = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

interface Known extends OwnNetworks {
  readonly set: AddressSet;
  readonly at: number;
  readonly revision: number;
}

/** Networks are read again at most this often, where many messages go out. */
const keptMs = 1_000;
const lookupTimeoutMs = 5_000;

/**
 * Decides where messages may go. Whoever makes a webhook chooses where the server connects to: without this he could
 * reach what only the server can.
 */
export class TargetGuard {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #allowed: AddressSet;
  readonly #lookUp: HostLookup;
  #known: Known | undefined;

  /** @param allowed networks that may be reached whatever they are */
  constructor(store: Store, clock: Clock, allowed: AddressSet, lookUp: HostLookup = systemLookup) {
    this.#store = store;
    this.#clock = clock;
    this.#allowed = allowed;
    this.#lookUp = lookUp;
  }

  /**
   * Resolves the host of a webhook, now.
   * @returns the address to connect to, and to no other: the name may mean something else a moment later
   * @throws PosternError bad_parameter where any address that the host has is none that may be reached
   */
  async addressOf(text: string): Promise<{ readonly url: URL; readonly address: string }> {
    const url = parseWebhookUrl(text);
    if (typeof url === "string") throw refused(`The URL cannot be used. ${url}`);
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
    const known = await this.#ownNetworks();
    const addresses = await this.#addresses(host);
    for (const address of addresses) this.#check(host, address, known);
    const [address] = addresses;
    if (address === undefined) throw refused(`${host} has no address.`);
    return { url, address };
  }

  async #addresses(host: string): Promise<readonly (Ipv4 | Ipv6)[]> {
    const literal = plainAddress(host);
    if (literal !== undefined) return [literal];
    const found = await this.#resolve(host);
    return found.map((text) => {
      const address = plainAddress(text);
      if (address === undefined)
        throw refused(`${host} leads to ${text}, which is no address to connect to.`);
      return address;
    });
  }

  async #resolve(host: string): Promise<readonly string[]> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("no answer")), lookupTimeoutMs);
    try {
      return await Promise.race([this.#lookUp(host), late.promise]);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw refused(`The addresses of ${host} cannot be found (${code ?? message}). Check the name.`);
    } finally {
      clearTimeout(timer);
    }
  }

  #check(host: string, address: Ipv4 | Ipv6, { set, nodeNames }: Known): void {
    if (this.#allowed.has(address)) return;
    const purpose = specialPurpose(address);
    const shown = host === address ? host : `${host} (${address})`;
    if (purpose !== undefined) throw refused(`${shown} is a ${purpose} address. ${remedy}`);
    // No word of what is there: whoever asks may be another tenant.
    if (set.has(address) || nodeNames.includes(host))
      throw refused(`${shown} is kept from webhooks. ${remedy}`);
  }

  async #ownNetworks(): Promise<Known> {
    const { revision } = this.#store;
    const known = this.#known;
    const now = this.#clock.now();
    if (known && (known.revision === revision || now - known.at < keptMs)) return known;
    const own = await this.#store.read((tx) => tx.ownNetworks());
    this.#known = { ...own, set: new AddressSet(own.networks), at: now, revision };
    return this.#known;
  }
}

const remedy =
  "Webhooks lead to the public Internet only; an operator may allow more with --webhook-allow when he starts the server.";

function refused(message: string): PosternError {
  return new PosternError("bad_parameter", message, "url");
}
