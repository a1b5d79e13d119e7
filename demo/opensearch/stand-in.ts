import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { listenOn } from "../../test/support/listen.ts";
import type { ProvidedCluster } from "./provide.ts";
import { answer, failure, standInVersion } from "./stand-in-api.ts";
import type { Answer, Indices, Request } from "./stand-in-api.ts";

const maxBodyBytes = 10_000_000;

async function readRequest(incoming: IncomingMessage): Promise<Request | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  const url = URL.parse(incoming.url ?? "/", "http://stand-in");
  if (!url) return undefined;
  const parts = url.pathname.split("/").filter((part) => part !== "");
  return { method: incoming.method ?? "GET", parts, url, text: Buffer.concat(chunks).toString("utf8") };
}

/** Starts the stand-in on a free port of the loopback address, in this process. */
export async function startStandIn(): Promise<Omit<ProvidedCluster, "skipped">> {
  const indices: Indices = new Map();
  const server = createServer((incoming, response) => {
    const send = ({ status, body }: Answer): void => {
      response.writeHead(status, { "Content-Type": "application/json; charset=UTF-8" });
      response.end(incoming.method === "HEAD" ? undefined : JSON.stringify(body));
    };
    const serve = async (): Promise<void> => {
      const request = await readRequest(incoming);
      const tooMuch = failure(413, "content_too_long_exception", "the stand-in cannot take this request");
      send(request ? answer(indices, request) : tooMuch);
    };
    serve().catch(() => response.destroy());
  });
  // Longer than any pause in the demo: its live session must die by the reject, not by this.
  server.keepAliveTimeout = 600_000;
  const port = await listenOn(server, 0, "127.0.0.1");
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const url = `http://127.0.0.1:${port}`;
  return { engine: "opensearch", version: standInVersion, standIn: true, url, source: "stand-in", stop };
}
