import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { DesiredNetwork } from "../../../domain/desired.ts";
import { addressRange, isWithin } from "../address-range.ts";
import type { Libc } from "../libc.ts";
import { lastHost } from "./routing.ts";
import { RouteSocket, type InterfaceAddress } from "./route-socket.ts";

const namespaces = "/run/netns";
const consumerEnd = "postern0";

/** Why a network cannot be attached, and what to do: for people. */
export class AttachmentError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AttachmentError";
  }
}

/** Descriptor of the network namespace that the calling thread is in; to be closed. */
function ownNamespace(): number {
  return openSync("/proc/thread-self/ns/net", "r");
}

/**
 * Lays a cable into a named namespace where there is none: an interface `device` here, `postern0` there. That one gets
 * the last host address of the network's first CIDR of each family, so that a namespace with nothing else reaches
 * endpoints at once. Where another interface of the namespace has an address of that CIDR already, `postern0` gets
 * none, and routes to endpoints are the namespace's own business.
 * @throws AttachmentError, NetlinkError
 */
export function layCable(
  libc: Libc,
  here: RouteSocket,
  device: string,
  wish: {
    readonly network: DesiredNetwork;
    readonly namespace: string;
    readonly isTaken: (address: string) => boolean;
  },
): void {
  const target = openNamespace(wish.namespace);
  try {
    const home = ownNamespace();
    try {
      const there = enter(libc, target, home, wish.namespace);
      try {
        connect(here, there, device, target);
        furnish(there, wish.network.cidrs, wish.isTaken);
      } finally {
        there.close();
      }
    } finally {
      closeSync(home);
    }
  } finally {
    closeSync(target);
  }
}

function enter(libc: Libc, target: number, home: number, name: string): RouteSocket {
  try {
    return libc.inNamespace(target, home, () => RouteSocket.open(libc));
  } catch {
    throw new AttachmentError(
      `${join(namespaces, name)} is no network namespace. Remove it, and make it again with \`ip netns add ${name}\`.`,
    );
  }
}

function openNamespace(name: string): number {
  const hint = `Make it with \`ip netns add ${name}\`; the network is attached as soon as it is there.`;
  if (!/^[\w.-]{1,64}$/.test(name) || name === "." || name === "..")
    throw new AttachmentError("The name of the network namespace is not one that `ip netns` takes.");
  try {
    return openSync(join(namespaces, name), "r");
  } catch {
    throw new AttachmentError(`There is no network namespace ${name}. ${hint}`);
  }
}

function connect(here: RouteSocket, there: RouteSocket, device: string, target: number): void {
  const near = here.links().find(({ name }) => name === device);
  const far = there.links().find(({ name }) => name === consumerEnd);
  if (near && far && near.peer === far.index && far.peer === near.index) return;
  if (far)
    throw new AttachmentError(
      `The namespace has an interface ${consumerEnd} of somebody else's. Remove it with \`ip link delete ${consumerEnd}\` there.`,
    );
  // Its namespace was deleted, or the network has moved to another one.
  if (near) here.deleteLink(near.index);
  here.addCable(device, consumerEnd, target);
}

function furnish(there: RouteSocket, cidrs: readonly string[], isTaken: (address: string) => boolean): void {
  const far = there.links().find(({ name }) => name === consumerEnd);
  if (!far) return;
  if (!far.isUp) there.setUp(far.index);
  const present = there.addresses();
  const firsts = [cidrs.find((cidr) => !cidr.includes(":")), cidrs.find((cidr) => cidr.includes(":"))];
  for (const cidr of firsts) {
    if (cidr === undefined || present.some((address) => isOf(address, cidr))) continue;
    const address = lastHost(cidr, isTaken);
    if (address !== undefined) there.addAddress(far.index, address);
  }
}

function isOf({ address }: InterfaceAddress, cidr: string): boolean {
  return isWithin(address, [addressRange(cidr)]);
}
