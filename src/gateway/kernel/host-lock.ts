import { createServer } from "node:net";

/** An abstract socket: one in each network namespace, and gone with its process, however that ends. */
const name = "\0postern-kernel-gateway";

export interface HostLock {
  release(): void;
}

/**
 * Makes sure that one process at most changes what Postern has in the kernel of this network namespace: two of them,
 * each with its own data directory, would sweep away each other's endpoints.
 * @throws Error where another process does
 */
export function takeHostLock(): Promise<HostLock> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === "EADDRINUSE"
          ? "Another gateway process carries networks in the kernel of this host. Stop it first: one serves all networks."
          : `The kernel of this host cannot be locked: ${error.message}.`;
      reject(new Error(reason));
    });
    server.listen(name, () => resolve({ release: () => void server.close() }));
    server.unref();
  });
}
