import { isIPv6 } from "node:net";
import { StartError } from "./start-error.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT` or `:PORT` (loopback).
 * @throws StartError
 */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new StartError(
      `"${text}" is no address to listen on. Write HOST:PORT, for example 127.0.0.1:9700.`,
    );
  }
  return { host: match[1] ?? (match[2] || "127.0.0.1"), port };
}

/** Returns `http://HOST:PORT` as a client on the same host writes it. */
export function httpUrl({ host, port }: ListenAddress): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}
