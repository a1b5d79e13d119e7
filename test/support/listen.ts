import { once } from "node:events";
import type { Server } from "node:net";

/** Bursts of thousands are to meet what is tested, and not the queue of who listens; the system may allow less. */
const backlog = 16_384;

/**
 * Starts listening and gives the port, which the system chooses when `port` is 0.
 * @throws Error (EADDRINUSE and the like) when the address cannot be had.
 */
export async function listenOn(server: Server, port: number, host: string): Promise<number> {
  server.listen({ port, host, backlog });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server listens on no TCP port");
  return address.port;
}
