import { setTimeout as delay } from "node:timers/promises";
import type { DesiredNetwork } from "../../../domain/desired.ts";
import type { VpcId } from "../../../domain/ids.ts";
import { addressRange, isWithin } from "../address-range.ts";
import type { NetworkWish } from "../host-network.ts";
import type { Libc } from "../libc.ts";
import { NetlinkError } from "../netlink/netlink-socket.ts";
import { AttachmentError, layCable } from "./cable.ts";
import type { Link, RouteSocket } from "./route-socket.ts";
import { canonical } from "./routing.ts";
import { setDeviceSysctls } from "./sysctl.ts";

/** An interface that was just brought up has its other end within this, or not at all for now. */
const carrierMs = 3_000;
const carrierPollMs = 20;

export interface Attachments {
  /** Interfaces that are up now, as they were before. */
  readonly links: ReadonlyMap<VpcId, Link>;
  /** Why a network has none: what is missing, and what to do. */
  readonly problems: ReadonlyMap<VpcId, string>;
}

/** Name of the gateway's interface to a network: known before there is one. */
export function deviceOf({ attachment, number }: DesiredNetwork): string {
  return attachment.kind === "interface" ? attachment.device : `pn${number}`;
}

/** The host's interfaces to networks. */
export class Interfaces {
  readonly #libc: Libc;
  readonly #socket: RouteSocket;

  constructor(libc: Libc, socket: RouteSocket) {
    this.#libc = libc;
    this.#socket = socket;
  }

  /** Sees to it that each network has its interface, and that it is up. */
  attach(wishes: readonly NetworkWish[]): Attachments {
    const devices = new Set<string>();
    const links = new Map<VpcId, Link>();
    const problems = new Map<VpcId, string>();
    for (const wish of wishes) {
      const device = deviceOf(wish.network);
      try {
        if (devices.has(device))
          throw new AttachmentError(
            `Another network has the interface ${device}. Give each one its own, a VLAN for example.`,
          );
        links.set(wish.network.id, this.#bringUp(wish, device));
        devices.add(device);
      } catch (error) {
        if (!(error instanceof AttachmentError || error instanceof NetlinkError)) throw error;
        const message =
          error instanceof AttachmentError
            ? error.message
            : `The kernel refused to set ${device} up: ${error.message}.`;
        problems.set(wish.network.id, message);
      }
    }
    return { links, problems };
  }

  /** Resolves when there is something at the other end of an interface, or after 3 s. @throws NetlinkError */
  async carrier({ index }: Link): Promise<void> {
    const isThere = (): boolean =>
      this.#socket.links().some((link) => link.index === index && link.hasCarrier);
    for (let waited = 0; waited < carrierMs && !isThere(); waited += carrierPollMs)
      await delay(carrierPollMs);
  }

  /** Returns the link as it was before. */
  #bringUp({ network, addresses }: NetworkWish, device: string): Link {
    const { attachment } = network;
    for (const cidr of network.cidrs) checkCidr(cidr);
    if (attachment.kind === "netns")
      layCable(this.#libc, this.#socket, device, {
        network,
        namespace: attachment.namespace,
        isTaken: (address) => addresses.has(address),
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
