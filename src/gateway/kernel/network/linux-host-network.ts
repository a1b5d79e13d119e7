import type { DesiredNetwork } from "../../../domain/desired.ts";
import type { VpcId } from "../../../domain/ids.ts";
import type { EngineLog } from "../../engine.ts";
import type { HostNetwork, HostReport, NetworkState, NetworkWish } from "../host-network.ts";
import { SystemCallError, type Libc } from "../libc.ts";
import { AddressStates } from "./address-states.ts";
import { deviceOf, Interfaces } from "./interfaces.ts";
import { difference, itemText, type Change, type Item } from "./item.ts";
import { LinkWatch } from "./link-watch.ts";
import { Prober } from "./prober.ts";
import { RouteSocket, type Link } from "./route-socket.ts";
import { addressItems, firstTable, localRule, routing } from "./routing.ts";
import { setHostSysctls } from "./sysctl.ts";

/** Everything is compared with the kernel this often, when something is applied. */
const auditMs = 300_000;
const gone: readonly string[] = ["ESRCH", "ENOENT", "ENODEV", "EADDRNOTAVAIL"];

/** A network, and what the host has of it. */
interface Carried {
  wish: NetworkWish;
  /** The interface, as it is when it is up; undefined where it cannot be used. */
  link: Link | undefined;
  problem: string | undefined;
  states: AddressStates;
  /** Whether hosts of the network are being asked for. */
  isAsking: boolean;
}

/**
 * The host's routing, through rtnetlink. What it has made it knows, so that a change of one address is one message. It
 * compares with what the kernel has at the start, after failures, when an interface changes, and every now and then.
 */
export class LinuxHostNetwork implements HostNetwork {
  readonly #log: EngineLog;
  readonly #socket: RouteSocket;
  readonly #watch: LinkWatch;
  readonly #prober: Prober;
  readonly #interfaces: Interfaces;
  #carried: ReadonlyMap<VpcId, Carried> = new Map();
  #comparedAt = -Infinity;
  #isInSync = false;
  #isClosed = false;
  #toldLacking = "";
  #news = Promise.withResolvers<void>();

  private constructor(libc: Libc, log: EngineLog) {
    this.#log = log;
    this.#socket = RouteSocket.open(libc);
    this.#watch = LinkWatch.open(libc);
    this.#prober = Prober.open(libc);
    this.#interfaces = new Interfaces(libc, this.#socket);
  }

  /**
   * Opens the network namespace that this thread is in.
   * @throws SystemCallError EPERM without CAP_NET_ADMIN
   */
  static async open(libc: Libc, log: EngineLog): Promise<LinuxHostNetwork> {
    return Promise.resolve(new LinuxHostNetwork(libc, log));
  }

  deviceOf(network: DesiredNetwork): string {
    return deviceOf(network);
  }

  async apply(wishes: readonly NetworkWish[]): Promise<HostReport> {
    const mustCompare = this.#mustCompare(wishes);
    this.#isInSync = false;
    if (mustCompare) this.#compareAll(wishes);
    else for (const wish of wishes) this.#applyChanges(wish);
    this.#isInSync = true;
    const carried = [...this.#carried.values()];
    for (const own of carried) void this.#ask(own);
    const isAsking = carried.some((own) => own.isAsking);
    return Promise.resolve({
      states: carried.map((own) => stateOf(own, mustCompare)),
      ...(isAsking ? { news: this.#news.promise } : {}),
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#watch.close();
    this.#prober.close();
    this.#socket.close();
  }

  /** Each comparison tries again; the same settings are said once. */
  #tellLacking(lines: readonly string[]): void {
    const asRoot = lines.join("; ");
    if (lines.length > 0 && asRoot !== this.#toldLacking)
      this.#log.error({ asRoot }, `Settings of this host could not be made. As root, run: ${asRoot}`);
    this.#toldLacking = asRoot;
  }

  #mustCompare(wishes: readonly NetworkWish[]): boolean {
    const carried = [...this.#carried.values()];
    const areSame =
      wishes.length === carried.length &&
      wishes.every(({ network }) => this.#carried.get(network.id)?.wish.network === network);
    const links = new Map<string | number, Link>();
    for (const { link } of carried) if (link) links.set(link.name, link).set(link.index, link);
    // Whatever the others say, what the watch has heard has to be taken from it.
    const isAnyOther = this.#watch.hasChanged(({ name, index }) => links.get(name) ?? links.get(index));
    if (!this.#isInSync || !areSame || isAnyOther || performance.now() - this.#comparedAt > auditMs)
      return true;
    const lacking = wishes.filter(({ network }) => !this.#carried.get(network.id)?.link);
    return lacking.length > 0 && this.#interfaces.attach(lacking).links.size > 0;
  }

  #compareAll(wishes: readonly NetworkWish[]): void {
    this.#comparedAt = performance.now();
    if (wishes.length > 0) this.#tellLacking(setHostSysctls());
    const before = this.#socket.items();
    const { links, problems } = this.#interfaces.attach(wishes);
    const texts = new Set(before.map(itemText));
    const carried = wishes.map((wish): Carried => {
      const { id } = wish.network;
      const link = links.get(id);
      const known = this.#carried.get(id);
      const own = known?.link && link && known.link.index === link.index ? known : begin(wish);
      const here = link && { ...link, isUp: true };
      own.wish = wish;
      own.link = here;
      own.problem = problems.get(id);
      if (here) own.states.wishAll(wish.addresses, presentAddresses(wish, here, texts));
      return own;
    });
    this.#carried = new Map(carried.map((own) => [own.wish.network.id, own]));
    const free = carried.map((own) => ({ own, addresses: own.states.takeFree() }));
    this.#change(difference(before, wishedItems(carried, before)));
    for (const { own, addresses } of free) this.#announceFree(own, addresses);
    this.#sweepLinks(wishes, before);
    // What was done to interfaces here is no news.
    this.#watch.hasChanged(() => undefined);
  }

  /** Brings about what has changed of a network that is as it was otherwise. */
  #applyChanges(wish: NetworkWish): void {
    const own = this.#carried.get(wish.network.id);
    if (!own?.link) return;
    own.wish = wish;
    const { states } = own;
    const changed = wish.changed ?? [...wish.addresses.keys(), ...states.answered];
    const removed = states.wish(wish.addresses, changed);
    states.retry(performance.now());
    const free = states.takeFree();
    this.#change([
      ...free.flatMap((address) => changesOf("add", own, address)),
      ...removed.flatMap((address) => changesOf("delete", own, address)),
    ]);
    this.#announceFree(own, free);
  }

  /** Asks for hosts that have addresses already, in the background. */
  async #ask(own: Carried): Promise<void> {
    if (own.isAsking || !own.states.isWaiting || !own.link) return;
    own.isAsking = true;
    const { link, states } = own;
    try {
      if (!link.hasCarrier) await this.#interfaces.carrier(link);
      while (states.isWaiting && !this.#isClosed) {
        const asked = states.takeWaiting(performance.now());
        const refusals = await this.#findTaken(own, link, asked);
        if (states.settle(asked, refusals)) this.#tellNews();
      }
    } catch (error) {
      if (this.#isClosed) return;
      this.#log.error({ err: error, device: link.name }, "asking for hosts failed");
      this.#isInSync = false;
    } finally {
      own.isAsking = false;
    }
  }

  /** Returns why an address cannot be answered for, by address. */
  async #findTaken(
    { wish }: Carried,
    link: Link,
    asked: readonly string[],
  ): Promise<(address: string) => string | undefined> {
    try {
      const taken = await this.#prober.probe(link, asked);
      for (const [address, hardware] of taken) {
        const fields = { network: wish.network.id, address, hardware };
        this.#log.warn(fields, "an address of the gateway's is taken by a host");
      }
      return (address) => takenMessage(address, taken.get(address));
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      return () =>
        `The network behind ${link.name} could not be asked for hosts: ${error.message}. It is tried again.`;
    }
  }

  #tellNews(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    resolve();
  }

  /** Makes all changes that the kernel takes, and notes which networks or addresses the others are missing. */
  #change(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const indexes = new Map(this.#socket.links().map(({ name, index }) => [name, index]));
    const indexOf = (device: string): number => indexes.get(device) ?? 0;
    // What led to an interface that is gone went with it; to the kernel, a route without an interface is any such route.
    const possible = changes.filter(({ verb, item }) =>
      verb === "delete" && item.kind === "route" ? indexes.has(item.device) : true,
    );
    for (const { change, error } of this.#socket.changeAll(possible, indexOf)) {
      if (change.verb === "delete" && gone.includes(error.code)) continue;
      const message = `The kernel refused \`${itemText(change.item)}\`: ${error.message}.`;
      this.#log.error({ change: change.verb, error: error.code }, message);
      if (change.item.kind === "rule") throw error;
      this.#noteRefusal(change.item, message);
    }
  }

  #noteRefusal(item: Item, message: string): void {
    for (const own of this.#carried.values()) {
      const isOwn = item.kind === "route" && item.table === firstTable + own.wish.network.number;
      if (!isOwn) continue;
      const address = item.destination.replace(/\/(32|128)$/, "");
      if (item.isLocal) own.states.refuse(address, message);
      else {
        own.link = undefined;
        own.problem = message;
      }
    }
  }

  /** Tells a network which addresses are here from now on, but for those that the kernel refused. */
  #announceFree(own: Carried, addresses: readonly string[]): void {
    this.#announce(
      own,
      addresses.filter((address) => own.states.answered.has(address)),
    );
  }

  #announce({ link }: Carried, addresses: readonly string[]): void {
    if (!link || addresses.length === 0) return;
    this.#prober.announce(link, addresses).catch((error: unknown) => {
      this.#log.warn({ device: link.name, error }, "endpoint addresses could not be announced");
    });
  }

  /**
   * Cables of networks that are gone are removed; interfaces are taken down, as without Postern's rules a host that
   * forwards would be an open door from there to the servers.
   */
  #sweepLinks(wishes: readonly NetworkWish[], before: readonly Item[]): void {
    const wished = new Set(wishes.map(({ network }) => deviceOf(network)));
    const had = new Set(before.map((item) => (item.kind === "route" && !item.isLocal ? item.device : "")));
    for (const link of this.#socket.links()) {
      if (wished.has(link.name)) continue;
      if (link.type === "veth" && /^pn\d{1,5}$/.test(link.name)) this.#socket.deleteLink(link.index);
      else if (had.has(link.name)) this.#socket.setUp(link.index, false);
    }
  }
}

function begin(wish: NetworkWish): Carried {
  return { wish, link: undefined, problem: undefined, states: new AddressStates(), isAsking: false };
}

/** The rule for the local table goes back to its place where the last network goes. */
function wishedItems(carried: readonly Carried[], before: readonly Item[]): readonly Item[] {
  const networks = carried.flatMap(({ wish, link, states }) =>
    link
      ? [
          {
            number: wish.network.number,
            device: link.name,
            cidrs: wish.network.cidrs,
            addresses: states.answered,
          },
        ]
      : [],
  );
  if (networks.length > 0) return routing(networks);
  if (before.some(isMarkRule)) return [localRule(4, 0), localRule(6, 0)];
  return before.filter(({ kind }) => kind === "rule");
}

function isMarkRule(item: Item): boolean {
  return item.kind === "rule" && item.mark !== undefined;
}

/** Returns the addresses that the host answers for. */
function presentAddresses(
  { network, addresses }: NetworkWish,
  link: Link,
  texts: ReadonlySet<string>,
): ReadonlySet<string> {
  const present = new Set<string>();
  for (const address of addresses.keys()) {
    const items = addressItems(network.number, link.name, address);
    if (items.every((item) => texts.has(itemText(item)))) present.add(address);
  }
  return present;
}

function changesOf(verb: Change["verb"], { wish, link }: Carried, address: string): readonly Change[] {
  return addressItems(wish.network.number, link?.name ?? "", address).map((item) => ({ verb, item }));
}

function takenMessage(address: string, hardware: string | undefined): string | undefined {
  if (hardware === undefined) return undefined;
  return `The address ${address} belongs to a host of the network already (${hardware}). Free it there, or delete the endpoint and create it with another address.`;
}

/** @param isWhole whether everything may be another than at the last call */
function stateOf({ wish, link, problem, states }: Carried, isWhole: boolean): NetworkState {
  const network = wish.network.id;
  const changed = states.takeTouched();
  const { answered, refused } = states;
  const state = { network, answered, refused, ...(isWhole ? {} : { changed }) };
  return link
    ? { ...state, device: link.name, deviceIndex: link.index }
    : { ...state, problem: problem ?? "" };
}
