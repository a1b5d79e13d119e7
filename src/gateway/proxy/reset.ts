import type { Socket } from "node:net";

/**
 * Ends a connection with RST: what the kernel has not sent yet is thrown away, and the other end sees
 * ECONNRESET. Returns null when that is done, or a promise for the one moment in which Node cannot
 * (a FIN is on its way to the kernel: Node would refuse the reset and leak the descriptor).
 */
export function reset(socket: Socket): Promise<void> | null {
  if (socket.destroyed) return null;
  if (!finInProgress(socket)) {
    socket.resetAndDestroy();
    return null;
  }
  return new Promise((resolve) => {
    socket.once("finish", () => socket.resetAndDestroy());
    socket.once("close", () => resolve());
  });
}

function finInProgress(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
}
