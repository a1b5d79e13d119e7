import { InvalidArgumentError } from "commander";
import { isIPv6 } from "node:net";

/** What a person calls an endpoint: its id, or where he connects to. */
export interface Reference {
  readonly id?: string;
  /** A name in lower case without a dot at the end, or an address. Left out with a bare id. */
  readonly host?: string;
  /** 1 to 65535. */
  readonly port?: number;
  /** What his clients are set to, where he wrote it. */
  readonly scheme?: "http" | "https";
}

const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const bareId = new RegExp(`^${uuid}$`);
const privateName = new RegExp(`^vpcep-(${uuid})\\.`);
const place = /^(?:(https?):\/\/)?(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9._-]{0,252})))(?::(\d{1,5}))?\/?$/;

/** Reads an id, a name or an address with or without port and scheme. @throws InvalidArgumentError */
export function parseReference(text: string): Reference {
  const lower = text.toLowerCase();
  if (bareId.test(lower)) return { id: lower };
  if (isIPv6(lower) && !lower.includes("%")) return { host: lower };
  const [, scheme, address6, name, portText] = place.exec(lower) ?? [];
  const host = address6 ?? name?.replace(/\.$/, "");
  const port = portText === undefined ? undefined : Number(portText);
  const isPort = port === undefined || (port >= 1 && port <= 65_535);
  if (host === undefined || !isPort || (address6 !== undefined && !isIPv6(address6))) {
    throw new InvalidArgumentError("Write an endpoint's id, its private name, or HOST:PORT.");
  }
  const id = privateName.exec(host)?.[1];
  return {
    host,
    ...(id !== undefined && { id }),
    ...(port !== undefined && { port }),
    ...(scheme !== undefined && { scheme: scheme === "https" ? "https" : "http" }),
  };
}
