/** The thread of a {@link TestPeer}: it enters the namespace before it opens its first socket. */
import { openSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { Libc } from "./libc.ts";
import type { PeerOrder, PeerState } from "./test-network.ts";

const tellEveryMs = 5;
const sockets = new Set<Socket>();
const state: PeerState = { listening: 0, answered: 0, received: 0, ended: 0, reset: 0, refused: 0 };
let isChanged = true;

function count(what: keyof PeerState, amount = 1): void {
  state[what] += amount;
  isChanged = true;
}

function watch(socket: Socket, onFirst: () => void): void {
  sockets.add(socket);
  socket.once("data", () => {
    count("answered");
    onFirst();
  });
  socket.on("data", ({ length }) => count("received", length));
  socket.on("end", () => count("ended"));
  socket.on("error", (error: NodeJS.ErrnoException) =>
    count(error.code === "ECONNREFUSED" ? "refused" : "reset"),
  );
  socket.on("close", () => sockets.delete(socket));
}

const doing: { readonly [Kind in PeerOrder["kind"]]: (order: Extract<PeerOrder, { kind: Kind }>) => void } = {
  listen: ({ host, port }) => {
    const server = createServer((socket) => watch(socket, () => socket.write("answer\n")));
    server.listen({ host, port, backlog: 4_096 }, () => count("listening"));
  },
  connect: ({ host, port, from, count: times }) => {
    for (let time = 0; time < times; time += 1) {
      const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) });
      watch(socket, () => undefined);
      socket.on("connect", () => socket.write("line\n"));
    }
  },
  send: ({ bytes }) => {
    for (const socket of sockets) socket.write(Buffer.alloc(bytes));
  },
  end: () => {
    for (const socket of sockets) socket.end();
  },
  reset: () => {
    for (const socket of sockets) socket.resetAndDestroy();
  },
};

const libc = await Libc.load();
const namespace = openSync(`/run/netns/${String(workerData)}`, "r");
// For good: the thread has nothing to do elsewhere.
libc.enterNamespace(namespace);
parentPort?.on("message", (order: PeerOrder) => (doing[order.kind] as (given: PeerOrder) => void)(order));
setInterval(() => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  if (isChanged) parentPort?.postMessage({ ...state });
  isChanged = false;
}, tellEveryMs);
