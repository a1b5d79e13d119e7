import { createServer, isIP, isIPv6 } from "node:net";
import type { ListenFailure, ListenerKey } from "./messages.ts";

/** Says in the words of a report why an address could not be listened on. */
export function listenFailure(key: ListenerKey, error: unknown): ListenFailure {
  const where = `${key.address} port ${key.port}`;
  const systemCode = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (systemCode) {
    case "EADDRINUSE":
      return {
        ...key,
        code: "port_taken",
        message: `Another process listens on ${where}. Stop it, or give the endpoint another address or port.`,
      };
    case "EADDRNOTAVAIL":
      return {
        ...key,
        code: "address_unavailable",
        message: `This machine does not have the address of ${where}. ${howToAdd(key.address)}`,
      };
    case "EMFILE":
    case "ENFILE":
      return {
        ...key,
        code: "limit",
        message: `No file descriptor is left to listen on ${where}. Raise the limit of open files (ulimit -n).`,
      };
    default:
      return {
        ...key,
        code: "internal",
        message: `Listening on ${where} failed: ${error instanceof Error ? error.message : String(error)}.`,
      };
  }
}

/** IPv4 addresses of loopback networks are there by themselves; IPv6 has one such address only, and that is taken. */
function howToAdd(address: string): string {
  if (!isIPv6(address)) return "Add the address to an interface of the gateway.";
  return `Add it on the gateway's host: sudo ip -6 address add ${address}/128 dev lo`;
}

/**
 * Finds out whether an address can be listened on. Workers share their listeners with `reusePort`, which would
 * also share them with another process that does the same; a probe without it does not.
 * @throws the error of the system
 */
export async function probe(address: string, port: number): Promise<void> {
  if (isIP(address) === 0) throw new Error(`"${address}" is no IP address`);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, exclusive: true, ipv6Only: true }, () => {
      server.close(() => resolve());
    });
  });
}
