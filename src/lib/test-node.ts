import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { testDirectory } from "./test-directory.ts";

export interface TestNode {
  readonly port: number;
  /** Frees the port and cuts every connection. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a real HTTP(S) server on loopback that ends with the running test. @param port 0: any free one */
export async function startTestNode(
  handle: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
  port = 0,
): Promise<TestNode> {
  const server = tls ? createTlsServer(tls, handle) : createServer(handle);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const node = {
    port: (server.address() as AddressInfo).port,
    stop: async (): Promise<void> => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  onTestFinished(() => node.stop());
  return node;
}

/** Makes a certificate for 127.0.0.1 that is its own CA. */
export function testCertificate(): { readonly key: string; readonly cert: string } {
  const directory = testDirectory();
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=node";
  execFileSync(
    "openssl",
    [...request.split(" "), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
    { stdio: "ignore" },
  );
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
