import { once } from "node:events";
import { createServer } from "node:net";
import { listenOn } from "./listen.ts";

/**
 * A TCP port that nobody listened on a moment ago.
 * @param host the address to look on; `0.0.0.0` finds a port that is free on every IPv4 address of the machine.
 */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const server = createServer();
  const port = await listenOn(server, 0, host);
  server.close();
  await once(server, "close");
  return port;
}

/** Tells whether `port` can be listened on at `host` right now. */
export async function isPortFree(port: number, host = "0.0.0.0"): Promise<boolean> {
  const server = createServer().listen(port, host);
  const isFree = await Promise.race([
    once(server, "listening").then(() => true),
    once(server, "error").then(() => false),
  ]).catch(() => false);
  if (isFree) {
    server.close();
    await once(server, "close");
  }
  return isFree;
}
