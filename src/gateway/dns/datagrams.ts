import { createSocket, type BindOptions, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { EngineLog } from "../engine.ts";

/** Answers a message, or has nothing to say to it. Never throws. */
export type Respond = (message: Buffer) => Buffer | undefined;

/** Queries that come while this process does something else wait here, in bytes: some thousands. */
const receiveBufferBytes = 1_048_576;
/** Answers that the system does not take wait here; beyond that they are lost, as datagrams may be. */
const mostUnsent = 1_000;

/** Answers what comes in datagrams, once bound. @throws the system's error, with the socket closed again */
export async function serveDatagrams(
  where: BindOptions,
  address: string,
  respond: Respond,
  log: EngineLog,
): Promise<Socket> {
  const family = isIPv6(address) ? 6 : 4;
  const socket = createSocket({
    type: `udp${family}`,
    // Addresses of askers are no names, but Node's own way would take a turn of the loop to find that out.
    lookup: (host, _options, found) => found(null, host, family),
  });
  try {
    const listening = once(socket, "listening");
    socket.bind(where);
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.setRecvBufferSize(receiveBufferBytes);
  socket.on("error", (error) => log.warn({ err: error, address }, "a name server's datagram got lost"));
  socket.on("message", (message, asker) => {
    // There is no way back to port 0, and a query from there is nobody's.
    if (asker.port === 0 || socket.getSendQueueCount() > mostUnsent) return;
    const reply = respond(message);
    if (reply) socket.send(reply, asker.port, asker.address);
  });
  return socket;
}
