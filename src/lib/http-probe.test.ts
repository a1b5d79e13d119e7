import { createServer as createTcpServer } from "node:net";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { probe, type ProbeTarget } from "./http-probe.ts";
import { startTestNode, testCertificate } from "./test-node.ts";

const plain = { scheme: "http", host: "127.0.0.1", path: "/", insecureSkipVerify: false } as const;

test("returns status and body, and sends path and credentials", async () => {
  const node = await startTestNode((request, response) => {
    response.writeHead(207).end(`${request.method} ${request.url} ${request.headers.authorization}`);
  });
  const target: ProbeTarget = { ...plain, port: node.port, path: "/_x?y=1", authorization: "Basic YTpi" };
  expect(await probe(target, 5_000)).toEqual({ status: 207, body: "GET /_x?y=1 Basic YTpi" });
});

test("sends no credentials where there are none", async () => {
  const node = await startTestNode((request, response) => {
    response.end(String("authorization" in request.headers));
  });
  expect((await probe({ ...plain, port: node.port }, 5_000)).body).toBe("false");
});

test("a node is called by the name that is given, also in its certificate", async () => {
  const { key, cert } = testCertificate();
  const seen: (string | undefined)[] = [];
  const node = await startTestNode(
    ({ headers }, response) => void response.end(seen.push(headers.host) && ""),
    {
      key,
      cert,
    },
  );
  const target = { ...plain, scheme: "https", port: node.port, name: "logs.example", ca: cert } as const;
  await expect(probe(target, 5_000)).rejects.toThrow("ERR_TLS_CERT_ALTNAME_INVALID");
  await probe({ ...target, insecureSkipVerify: true }, 5_000);
  expect(seen).toEqual([`logs.example:${node.port}`]);
});

test("gives up on an answer that has no end", async () => {
  const node = await startTestNode((_request, response) => {
    const send = (): void => void response.write("x".repeat(65_536), () => setImmediate(send));
    send();
  });
  await expect(probe({ ...plain, port: node.port }, 10_000)).rejects.toThrow("answer too large");
});

test.each([
  ["says nothing", () => undefined],
  [
    "begins and then stops",
    (_request: unknown, response: { write(text: string): unknown }) => void response.write("{"),
  ],
])("gives up on a node that %s", async (_name, handle) => {
  const node = await startTestNode(handle);
  await expect(probe({ ...plain, port: node.port }, 60)).rejects.toThrow(/^timeout after 60 ms$/);
});

test("names the reason of a refused connection", async () => {
  const node = await startTestNode(() => undefined);
  await node.stop();
  await expect(probe({ ...plain, port: node.port }, 5_000)).rejects.toThrow(/^ECONNREFUSED$/);
});

test("what is no HTTP is an error, not an answer", async () => {
  const server = createTcpServer((socket) => socket.on("error", () => undefined).end("SSH-2.0-x\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  await expect(probe({ ...plain, port }, 5_000)).rejects.toThrow(/^HPE_/);
});

test("a certificate must chain to the CA, unless checking is off", async () => {
  const { key, cert } = testCertificate();
  const node = await startTestNode((_request, response) => void response.end("secure"), { key, cert });
  const target = { ...plain, scheme: "https", port: node.port } as const;
  await expect(probe(target, 5_000)).rejects.toThrow(/SELF_SIGNED/);
  expect((await probe({ ...target, ca: cert }, 5_000)).body).toBe("secure");
  expect((await probe({ ...target, insecureSkipVerify: true }, 5_000)).body).toBe("secure");
  await expect(probe({ ...target, ca: "no certificate" }, 5_000)).rejects.toThrow(Error);
});

test("a node that has answered while this process stood still is not blamed for that", async () => {
  const program = `
    const { parentPort } = require("node:worker_threads");
    const server = require("node:http").createServer((_request, response) => response.end("there"));
    server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
  `;
  const node = new Worker(program, { eval: true });
  onTestFinished(async () => void (await node.terminate()));
  const [port] = (await once(node, "message")) as [number];
  const answer = probe({ ...plain, port }, 60);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  expect((await answer).body).toBe("there");
});
