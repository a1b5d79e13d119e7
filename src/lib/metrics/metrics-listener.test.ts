import { rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { testDirectory } from "../test-directory.ts";
import { Exposition } from "./exposition.ts";
import { MetricsListener, readToken } from "./metrics-listener.ts";

const token = "a-token-of-a-good-length";
const pieceLength = 1024 * 1024;
const failures: unknown[] = [];
const onError = (error: unknown): void => void failures.push(error);
const loopback = { host: "127.0.0.1", port: 0 };

async function listen(text: string | Error, tokenFile?: string): Promise<MetricsListener> {
  const exposition = new Exposition([
    async function* say() {
      await Promise.resolve();
      if (text instanceof Error) throw text;
      yield text.slice(0, 2);
      for (let from = 2; from < text.length; from += pieceLength) yield text.slice(from, from + pieceLength);
    },
  ]);
  const access = tokenFile === undefined ? {} : { tokenFile };
  const listener = await MetricsListener.listen({ exposition, listen: loopback, onError, ...access });
  onTestFinished(() => listener.close());
  return listener;
}

test("GET tells the metrics in the format's content type, HEAD that there are some", async () => {
  const { url } = await listen("up 1\n");
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  const answer = await fetch(`${url}?x=y`);
  expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
    "up 1\n",
  ]);
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("nothing else is answered, and nothing is written for it", async () => {
  const { url } = await listen(new Error("was written"));
  const post = await fetch(url, { method: "POST", body: "x".repeat(100_000) });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
  expect((await fetch(`${url}/x`)).status).toBe(404);
  expect((await fetch(url, { headers: { "x-long": "x".repeat(9_000) } })).status).toBe(431);
});

test("metrics that cannot be written are an error that says nothing, and is told to the log", async () => {
  const { url } = await listen(new Error("secret"));
  const answer = await fetch(url);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain("secret");
  expect(failures.pop()).toMatchObject({ message: "secret" });
});

test("with a token only its bearer reads, whatever it is now", async () => {
  const file = join(testDirectory(), "token");
  writeFileSync(file, ` ${token}\n`);
  const { url } = await listen("up 1\n", file);
  const ask = async (authorization?: string): Promise<number> =>
    (await fetch(url, authorization === undefined ? {} : { headers: { authorization } })).status;
  expect(await ask(`Bearer ${token}`)).toBe(200);
  expect(await ask(`bearer ${token}`)).toBe(200);
  for (const wrong of [
    undefined,
    "Bearer",
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    `Basic ${token}`,
    token,
  ]) {
    expect([wrong, await ask(wrong)]).toEqual([wrong, 401]);
  }
  writeFileSync(file, `another-${token}`);
  expect(await ask(`Bearer ${token}`)).toBe(401);
  expect(await ask(`Bearer another-${token}`)).toBe(200);
  rmSync(file);
  expect(await ask(`Bearer another-${token}`)).toBe(503);
});

test("a token has 16 to 4,096 visible characters", async () => {
  const file = join(testDirectory(), "token");
  for (const bad of [
    "",
    "x".repeat(15),
    "x".repeat(4_097),
    `${token} ${token}`,
    `${token}\nmore`,
    `${token}Ω`,
  ]) {
    writeFileSync(file, bad);
    await expect(readToken(file)).rejects.toThrow("no token");
  }
  for (const good of ["x".repeat(16), "x".repeat(4_096)]) {
    writeFileSync(file, good);
    expect(await readToken(file)).toBe(good);
  }
});

test("an address that is taken is an error", async () => {
  const { url } = await listen("up 1\n");
  const port = Number(new URL(url).port);
  const options = { exposition: new Exposition([]), listen: { ...loopback, port }, onError };
  await expect(MetricsListener.listen(options)).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("no more than sixteen are let in at once, and the next one as soon as one goes", async () => {
  const { url } = await listen("up 1\n");
  const port = Number(new URL(url).port);
  const open = async (): Promise<ReturnType<typeof connect>> => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  const sockets = [];
  let closed = 0;
  for (let n = 0; n < 16; n += 1) sockets.push(await open());
  for (const socket of sockets) socket.resume().once("close", () => (closed += 1));
  const late = await open();
  // A connection that is not let in is closed; one that is, is not.
  await once(late.resume(), "close");
  expect(closed).toBe(0);
  sockets[0]?.destroy();
  await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), { timeout: 10_000 });
});

test("close cuts a reader who takes nothing", async () => {
  const listener = await listen("x".repeat(64 * 1024 * 1024));
  const { url } = listener;
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "readable");
  await listener.close();
  await once(socket.resume(), "close");
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  // Before he is cut for his silence.
}, 8_000);
