import { isIPv6 } from "node:net";
import { Address4, Address6 } from "ip-address";
import type { KernelResolver } from "../engine.ts";
import { namePort } from "./nft/schema.ts";
import { socketFamily, socketType, SystemCallError, type Descriptor, type Libc } from "./libc.ts";

const level = { ip: 0, socket: 1, ip6: 41 } as const;
const option = { reuseAddress: 2, bindToDevice: 25, mark: 36, transparent: 19, transparent6: 75 } as const;

/** Two sockets that are bound to the same address. Whoever takes them closes them. */
export interface ResolverSockets {
  readonly datagrams: Descriptor;
  readonly streams: Descriptor;
}

/**
 * Binds sockets to an address of a network that the kernel carries. Two networks may have the same: each socket hears
 * and speaks through its network's device alone, and what it sends is marked for that network's routes. They are
 * transparent (ip(7)): the address is no interface's and stands in no table that the kernel would look it up in.
 * @throws Error where port 53 cannot be had, with the reason; SystemCallError ENODEV where the device is gone
 */
export function openResolverSockets(libc: Libc, place: KernelResolver): ResolverSockets {
  const datagrams = open(libc, place, socketType.datagram);
  try {
    return { datagrams, streams: open(libc, place, socketType.stream) };
  } catch (error) {
    libc.close(datagrams);
    throw error;
  }
}

function open(libc: Libc, { address, device, mark }: KernelResolver, type: number): Descriptor {
  const isV6 = isIPv6(address);
  const socket = libc.socket(isV6 ? socketFamily.inet6 : socketFamily.inet, type, 0);
  try {
    libc.setOption(socket, level.socket, option.bindToDevice, Buffer.from(`${device}\0`, "latin1"));
    libc.setOption(socket, level.socket, option.mark, integer(mark));
    if (isV6) libc.setOption(socket, level.ip6, option.transparent6, integer(1));
    else libc.setOption(socket, level.ip, option.transparent, integer(1));
    // Connections of a gateway that has just ended may linger; two name servers cannot share an address by it.
    if (type === socketType.stream) libc.setOption(socket, level.socket, option.reuseAddress, integer(1));
    bind(libc, socket, address);
    return socket;
  } catch (error) {
    libc.close(socket);
    throw error;
  }
}

function bind(libc: Libc, socket: Descriptor, address: string): void {
  try {
    libc.bind(socket, socketAddress(address));
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    const reason =
      {
        EACCES: "Port 53 takes CAP_NET_BIND_SERVICE: run the gateway as root, or give it that capability.",
        EADDRINUSE:
          "Another program of this host listens on port 53 of all addresses: let it listen on its own.",
      }[error.code] ?? error.message;
    throw new Error(reason, { cause: error });
  }
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** As in ip(7) and ipv6(7). */
function socketAddress(address: string): Buffer {
  const isV6 = isIPv6(address);
  const bytes = Buffer.alloc(isV6 ? 28 : 16);
  bytes.writeUInt16LE(isV6 ? socketFamily.inet6 : socketFamily.inet, 0);
  bytes.writeUInt16BE(namePort, 2);
  if (isV6) bytes.write(new Address6(address).canonicalForm().replaceAll(":", ""), 8, "hex");
  else bytes.set(new Address4(address).toArray(), 4);
  return bytes;
}
