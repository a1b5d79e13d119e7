import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ports that systems give to outgoing connections, which come and go on a busy machine. */
const firstPort = 15_000;
const lastPort = 32_000;
const mostTries = 1_000;

/**
 * A TCP port that nobody held a moment ago.
 * @param host the address to look on; `0.0.0.0` finds a port that is free on every IPv4 address of the machine.
 * @throws Error when nearly every port is taken.
 */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const port = randomInt(firstPort, lastPort);
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`No port from ${firstPort} to ${lastPort} is free on ${host}`);
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
