import koffi from "koffi";
import { addressBytes, ipPackets } from "./packets.ts";

const inet = 2;
const raw = 3;
/** The sender writes the header of IP too. */
const headerIncluded = 255;

const library = koffi.load("libc.so.6");
const openSocket = library.func("int socket(int domain, int type, int protocol)");
const sendTo = library.func(
  "int64_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t addressLength)",
);
const closeSocket = library.func("int close(int fd)");

/** Sends first segments of connections that nobody means to open, each from another address or port. Needs root. */
export function sendHalfOpen(
  { ip, port }: { readonly ip: string; readonly port: number },
  sources: readonly string[],
  count: number,
): void {
  const socket: number = openSocket(inet, raw, headerIncluded);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(inet, 0);
  addressBytes(ip).copy(address, 4);
  for (let sent = 0; sent < count; sent += 1) {
    const source = sources[sent % sources.length] ?? "";
    const sourcePort = 1_024 + (Math.floor(sent / sources.length) % 64_000);
    for (const packet of ipPackets({ kind: "tcp", source, destination: ip, sourcePort, port }))
      sendTo(socket, packet, packet.length, 0, address, address.length);
  }
  closeSocket(socket);
}
