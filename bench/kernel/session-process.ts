/**
 * One end of many sessions: the node's, which reads, or the consumer's, which writes all the time. Sends "ready" once
 * all are there (and carry bytes), and what became of them once all are gone.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { hostClockMs } from "./engine-orders.ts";
import { sessionPort, type SessionsSetting } from "./session-orders.ts";

const connectsAtOnce = 100;
const writesATurn = 30;
const turnMs = 4;
const { role, address = "", count } = JSON.parse(process.argv[2] ?? "") as SessionsSetting;
process.on("disconnect", () => process.exit(0));
let [lastByteAtMs, lastCloseAtMs, closed] = [0, 0, 0];
await (role === "node" ? serve() : consume());

function watch(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.on("data", () => (lastByteAtMs = hostClockMs()));
  socket.once("close", () => {
    lastCloseAtMs = hostClockMs();
    if (++closed === count) process.send?.({ lastByteAtMs, lastCloseAtMs });
  });
}

async function serve(): Promise<void> {
  let accepted = 0;
  const server = createServer((socket) => {
    watch(socket);
    if (++accepted === count) process.send?.("ready");
  });
  server.listen({ port: sessionPort, host: "0.0.0.0", backlog: 4_096 });
  await once(server, "listening");
  process.send?.("listening");
}

async function consume(): Promise<void> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(connectsAtOnce, count - sockets.length) }, () =>
      connect({ host: address, port: sessionPort }),
    );
    await Promise.all(batch.map((socket) => once(socket, "connect")));
    for (const socket of batch) watch(socket);
    sockets.push(...batch);
  }
  let next = 0;
  setInterval(() => {
    for (let write = 0; write < writesATurn; write++) {
      sockets[next++ % count]?.write("a byte");
      if (next === count) process.send?.("ready");
    }
  }, turnMs);
}
