import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { reset } from "./reset.ts";
import { TestClient, until } from "./testing.ts";

const cleanups: (() => unknown)[] = [];

afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

async function connectedPair(): Promise<{ near: Socket; far: TestClient }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  cleanups.push(() => server.close());
  await once(server, "listening");
  const accepted = once(server, "connection");
  const far = new TestClient("127.0.0.1", (server.address() as AddressInfo).port);
  const [near] = (await accepted) as [Socket];
  near.on("error", (error) => expect.unreachable(error.message));
  cleanups.push(() => near.destroy());
  return { near, far };
}

test("the other end sees a reset, and what was not sent yet is thrown away", async () => {
  const { near, far } = await connectedPair();
  far.socket.pause();
  near.write(Buffer.alloc(50_000_000));
  expect(reset(near)).toBeNull();
  far.socket.resume();
  await until("the reset arrived", () => far.wasReset);
  expect(far.received.length).toBeLessThan(50_000_000);
  expect(reset(near)).toBeNull();
});

test("a reset also comes through while a FIN is on its way to the kernel", async () => {
  const { near, far } = await connectedPair();
  near.end();
  // Node hands the FIN over in its next ticks, and hears in the next round of the loop that it is done.
  await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)));
  expect(near.writableFinished).toBe(false);
  const pending = reset(near);
  expect(pending).not.toBeNull();
  await pending;
  expect(near.destroyed).toBe(true);
  far.socket.write("x");
  await until("the reset arrived", () => far.wasReset);
});
