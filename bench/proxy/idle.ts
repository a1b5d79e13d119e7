import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { httpPort } from "./contenders.ts";
import type { Contender, PosternContender } from "./contenders.ts";

const connectsAtOnce = 100;
const pageBytes = 4096;

/** Opens sessions that have carried one request and its answer each, and say nothing more. */
async function openSessions(address: string, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(connectsAtOnce, count - sockets.length) }, () => {
      const socket = connect({ host: address, port: httpPort });
      socket.write("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
      return socket;
    });
    await Promise.all(batch.map((socket) => once(socket, "data")));
    sockets.push(...batch);
  }
  return sockets;
}

async function closeSessions(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map(async (socket) => {
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    }),
  );
}

/** Resident memory that each of `count` idle sessions takes, in bytes; null where the system does not tell (Linux does). */
export async function idleSessionBytes(contender: Contender, count: number): Promise<number | null> {
  const pid = contender.child?.pid;
  if (pid === undefined || process.platform !== "linux") return null;
  // What the first sessions make a process load is not theirs.
  await closeSessions(await openSessions(contender.address, connectsAtOnce));
  const before = residentBytes(pid);
  const sockets = await openSessions(contender.address, count);
  const after = residentBytes(pid);
  await closeSessions(sockets);
  return (after - before) / count;
}

/** Milliseconds from the order to reject until the last of `count` live sessions is gone, seen by the consumers. */
export async function rejectMs(postern: PosternContender, count: number): Promise<number> {
  const sockets = await openSessions(postern.address, count);
  const gone = Promise.all(
    sockets.map((socket) => {
      socket.on("error", () => undefined);
      return new Promise((resolve) => socket.once("close", resolve));
    }),
  );
  const start = performance.now();
  await Promise.all([postern.apply(true), gone]);
  const elapsed = performance.now() - start;
  await postern.apply(false);
  return elapsed;
}

/** Of a process and its children. */
function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + residentBytes(Number(child)), pages * pageBytes);
}
