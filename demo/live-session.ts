import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";

export type Death = {
  /** `performance.now()` when the connection was gone. */
  readonly atMs: number;
  /** The error code the client saw, or "closed" after an orderly end. */
  readonly how: string;
};

export type LiveSession = {
  /** How the connection ended, whoever ended it; undefined while it lives. */
  death(): Death | undefined;
  /** Another request on the same connection; its status. */
  request(): Promise<number>;
  close(): void;
};

/** Sends one GET and reads its answer to the end, which Content-Length tells. */
async function exchange(socket: Socket, url: URL): Promise<number> {
  const chunks: Buffer[] = [];
  socket.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
  for (;;) {
    const [chunk]: Buffer[] = await once(socket, "data", { signal: AbortSignal.timeout(5_000) });
    if (chunk) chunks.push(chunk);
    const [head = "", body] = Buffer.concat(chunks)
      .toString("latin1")
      .split(/\r\n\r\n(.*)/s);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
    if (body === undefined || body.length < length) continue;
    return Number(head.split(" ")[1]);
  }
}

/**
 * Opens a connection, makes a first request and keeps the connection open. A bare socket, because an HTTP client
 * would hide how its idle connection ended.
 * @throws Error when that first request fails.
 */
export async function openLiveSession(address: string): Promise<LiveSession> {
  const url = new URL(address);
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  let how = "closed";
  let death: Death | undefined;
  socket.on("error", (error: NodeJS.ErrnoException) => (how = error.code ?? error.message));
  socket.on("close", () => (death = { atMs: performance.now(), how }));
  await once(socket, "connect");
  await exchange(socket, url);
  return {
    death: () => death,
    request: () => exchange(socket, url),
    close: () => socket.destroy(),
  };
}

/** One request on a new connection. @throws Error when it is refused, reset or not answered within 5 s. */
export function requestOnce(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, timeout: 5_000 }, (response) => {
      response.on("error", reject).on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", reject);
  });
}
