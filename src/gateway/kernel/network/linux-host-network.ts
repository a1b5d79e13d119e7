import { setTimeout as delay } from "node:timers/promises";
import type { DesiredNetwork } from "../../../domain/desired.ts";
import type { VpcId } from "../../../domain/ids.ts";
import type { EngineLog } from "../../engine.ts";
import { addressRange, isWithin } from "../address-range.ts";
import type { HostNetwork, NetworkState, NetworkWish } from "../host-network.ts";
import { SystemCallError, type Libc } from "../libc.ts";
import { NetlinkError } from "../netlink/netlink-socket.ts";
import { AttachmentError, layCable } from "./cable.ts";
import { difference, itemText, type Change, type Item } from "./item.ts";
import { announce, probe } from "./prober.ts";
import { RouteSocket, type Link } from "./route-socket.ts";
import { canonical, firstTable, localRule, routing } from "./routing.ts";
import { setDeviceSysctls, setHostSysctls } from "./sysctl.ts";

/** An interface that was just brought up has its other end within this, or not at all for now. */
const carrierMs = 3_000;
const carrierPollMs = 20;
const gone: readonly string[] = ["ESRCH", "ENOENT", "ENODEV", "EADDRNOTAVAIL"];

/** A network whose interface is up. */
interface Attached {
  readonly wish: NetworkWish;
  readonly link: Link;
  readonly taken: ReadonlyMap<string, string>;
}

function deviceOf({ attachment, number }: DesiredNetwork): string {
  return attachment.kind === "interface" ? attachment.device : `pn${number}`;
}

/** The host's routing, through rtnetlink. It keeps nothing in mind: each `apply` compares with what the kernel has. */
export class LinuxHostNetwork implements HostNetwork {
  readonly #libc: Libc;
  readonly #log: EngineLog;
  readonly #socket: RouteSocket;
  #attached: readonly Attached[] = [];
  #toldLacking = "";

  private constructor(libc: Libc, log: EngineLog, socket: RouteSocket) {
    this.#libc = libc;
    this.#log = log;
    this.#socket = socket;
  }

  /**
   * Opens the network namespace that this thread is in.
   * @throws SystemCallError EPERM without CAP_NET_ADMIN
   */
  static async open(libc: Libc, log: EngineLog): Promise<LinuxHostNetwork> {
    return Promise.resolve(new LinuxHostNetwork(libc, log, RouteSocket.open(libc)));
  }

  deviceOf(network: DesiredNetwork): string {
    return deviceOf(network);
  }

  async apply(wishes: readonly NetworkWish[]): Promise<readonly NetworkState[]> {
    const problems = new Map<VpcId, string>();
    if (wishes.length > 0) this.#tellLacking(setHostSysctls());
    const before = this.#socket.items();
    const links = await this.#attach(wishes, problems);
    const probed = await Promise.all(links.map(async (own) => this.#findTaken(own, before, problems)));
    const attached = probed.filter((own) => own !== undefined);
    const changes = difference(before, wishedItems(attached, before));
    this.#attached = attached;
    const failed = this.#change(changes);
    for (const { wish } of attached) {
      const failure = failed.get(firstTable + wish.network.number);
      if (failure !== undefined) problems.set(wish.network.id, failure);
    }
    this.#announceNew(attached, changes);
    this.#sweepLinks(wishes, before);
    return wishes.map(({ network }) => stateOf(network, problems, attached));
  }

  /** Tells all networks where the endpoints are: for a host that takes over from another one. */
  announceAll(): void {
    for (const { wish, link, taken } of this.#attached)
      this.#announce(
        link,
        wish.addresses.filter((address) => !taken.has(address)),
      );
  }

  close(): void {
    this.#socket.close();
  }

  /** Each apply tries again; the same settings are said once. */
  #tellLacking(lines: readonly string[]): void {
    const asRoot = lines.join("; ");
    if (lines.length > 0 && asRoot !== this.#toldLacking)
      this.#log.error({ asRoot }, `Settings of this host could not be made. As root, run: ${asRoot}`);
    this.#toldLacking = asRoot;
  }

  /** Returns the networks whose interface is there and up; the others are in `problems` then. */
  async #attach(wishes: readonly NetworkWish[], problems: Map<VpcId, string>): Promise<readonly Attached[]> {
    const devices = new Set<string>();
    const attached: Attached[] = [];
    for (const wish of wishes) {
      const device = deviceOf(wish.network);
      try {
        if (devices.has(device))
          throw new AttachmentError(
            `Another network has the interface ${device}. Give each one its own, a VLAN for example.`,
          );
        const link = this.#bringUp(wish, device);
        devices.add(device);
        attached.push({ wish, link, taken: new Map() });
      } catch (error) {
        if (!(error instanceof AttachmentError || error instanceof NetlinkError)) throw error;
        const message =
          error instanceof AttachmentError
            ? error.message
            : `The kernel refused to set ${device} up: ${error.message}.`;
        problems.set(wish.network.id, message);
      }
    }
    const late = (): boolean => attached.some(({ link }) => !link.isUp && !this.#hasCarrier(link));
    for (let waited = 0; waited < carrierMs && late(); waited += carrierPollMs) await delay(carrierPollMs);
    return attached;
  }

  #hasCarrier({ index }: Link): boolean {
    return this.#socket.links().some((link) => link.index === index && link.hasCarrier);
  }

  /** Returns the link as it was before. */
  #bringUp({ network, addresses }: NetworkWish, device: string): Link {
    const { attachment } = network;
    for (const cidr of network.cidrs) checkCidr(cidr);
    if (attachment.kind === "netns")
      layCable(this.#libc, this.#socket, device, {
        network,
        namespace: attachment.namespace,
        taken: addresses,
      });
    const link = this.#socket.links().find(({ name }) => name === device);
    if (!link || device === "lo")
      throw new AttachmentError(
        `There is no interface ${device} that could serve a network. Make it, or correct the network's attachment.`,
      );
    this.#refuseUnfit(link);
    const lacking = setDeviceSysctls(device);
    if (lacking.length > 0)
      throw new AttachmentError(
        `Settings of ${device} could not be made. As root, run: ${lacking.join("; ")}`,
      );
    if (!link.isUp) this.#socket.setUp(link.index);
    return link;
  }

  #refuseUnfit(link: Link): void {
    if (link.master !== undefined)
      throw new AttachmentError(
        `${link.name} is a port of another interface, which takes what arrives. Attach the network to that one.`,
      );
    const routes = this.#socket.mainRoutes().filter(({ index }) => index !== link.index);
    for (const { index, address, prefixLength } of this.#socket.addresses()) {
      if (index !== link.index || address.startsWith("fe80:")) continue;
      const cidr = `${address}/${prefixLength}`;
      const other = routes.find(
        ({ destination }) => !destination.startsWith("fe80:") && doOverlap(destination, cidr),
      );
      if (other)
        throw new AttachmentError(
          `${link.name} has the address ${cidr}, and ${other.destination} is reached by another interface: the host ` +
            `would send to the wrong one. Run \`ip address delete ${cidr} dev ${link.name}\`; a gateway needs none there.`,
        );
    }
  }

  /** Addresses that are answered for already are ours. */
  async #findTaken(
    own: Attached,
    before: readonly Item[],
    problems: Map<VpcId, string>,
  ): Promise<Attached | undefined> {
    const present = new Set(before.map(itemText));
    const fresh = own.wish.addresses.filter((address) => !present.has(addressItem(own, address)));
    try {
      const taken = await probe(this.#libc, own.link, fresh);
      for (const [address, hardware] of taken) {
        const fields = { network: own.wish.network.id, address, hardware };
        this.#log.warn(fields, "an endpoint's address is taken by a host");
      }
      return { ...own, taken };
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      const message = `The network behind ${own.link.name} could not be asked for hosts: ${error.message}. It is tried again.`;
      problems.set(own.wish.network.id, message);
      return undefined;
    }
  }

  /** Makes all changes that the kernel takes. Returns the last refusal by routing table. */
  #change(changes: readonly Change[]): ReadonlyMap<number, string> {
    const indexes = new Map(this.#socket.links().map(({ name, index }) => [name, index]));
    const failed = new Map<number, string>();
    for (const change of changes) {
      try {
        this.#socket.change(change, (device) => indexes.get(device) ?? 0);
      } catch (error) {
        if (!(error instanceof NetlinkError)) throw error;
        if (change.verb === "delete" && gone.includes(error.code)) continue;
        const message = `The kernel refused \`${itemText(change.item)}\`: ${error.message}.`;
        this.#log.error({ change: change.verb, error: error.code }, message);
        if (change.item.kind === "route") failed.set(change.item.table, message);
        else if (change.item.kind === "rule") throw error;
      }
    }
    return failed;
  }

  #announceNew(attached: readonly Attached[], changes: readonly Change[]): void {
    const added = new Set(changes.filter(({ verb }) => verb === "add").map(({ item }) => itemText(item)));
    for (const own of attached)
      this.#announce(
        own.link,
        own.wish.addresses.filter((address) => added.has(addressItem(own, address))),
      );
  }

  #announce(link: Link, addresses: readonly string[]): void {
    try {
      announce(this.#libc, link, addresses);
    } catch (error) {
      this.#log.warn({ device: link.name, error }, "endpoint addresses could not be announced");
    }
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

/** The rule for the local table goes back to its place where the last network goes. */
function wishedItems(attached: readonly Attached[], before: readonly Item[]): readonly Item[] {
  const networks = attached.map(({ wish, link, taken }) => ({
    number: wish.network.number,
    device: link.name,
    cidrs: wish.network.cidrs,
    addresses: wish.addresses.filter((address) => !taken.has(address)),
  }));
  if (networks.length > 0) return routing(networks);
  if (before.some(isMarkRule)) return [localRule(4, 0), localRule(6, 0)];
  return before.filter(({ kind }) => kind === "rule");
}

function isMarkRule(item: Item): boolean {
  return item.kind === "rule" && item.mark !== undefined;
}

function addressItem({ wish, link }: Attached, address: string): string {
  const { family, text } = canonical(address);
  const table = firstTable + wish.network.number;
  if (family === 6) return itemText({ kind: "proxy", address: text.replace("/128", ""), device: link.name });
  return itemText({ kind: "route", family, table, isLocal: true, destination: text, device: "lo" });
}

function stateOf(
  network: DesiredNetwork,
  problems: ReadonlyMap<VpcId, string>,
  attached: readonly Attached[],
): NetworkState {
  const problem = problems.get(network.id);
  const own = attached.find(({ wish }) => wish.network.id === network.id);
  if (problem !== undefined || !own) return { network: network.id, problem: problem ?? "", taken: new Map() };
  return { network: network.id, device: own.link.name, taken: own.taken };
}

function checkCidr(cidr: string): void {
  try {
    canonical(cidr);
  } catch {
    throw new AttachmentError(`${cidr} is no CIDR. Correct the network's.`);
  }
}

function doOverlap(a: string, b: string): boolean {
  const [first, second] = [addressRange(a), addressRange(b)];
  return isWithin(first.first, [second]) || isWithin(second.first, [first]);
}
