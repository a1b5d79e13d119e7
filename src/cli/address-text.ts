import type { Endpoint } from "./wire.ts";

/** Returns where an endpoint answers: its address and port, or both of an endpoint with dual stack. */
export function addressText({ ip, ip6, port }: Pick<Endpoint, "ip" | "ip6" | "port">): string {
  return ip6 === undefined ? `${ip}:${port}` : `${ip}:${port} [${ip6}]:${port}`;
}
