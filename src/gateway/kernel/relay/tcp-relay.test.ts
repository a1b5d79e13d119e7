import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import type { NodeId } from "../../../domain/ids.ts";
import { TestNode, until } from "../../proxy/testing.ts";
import { TcpRelay } from "./tcp-relay.ts";

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

/** What the relay asks of the host for its address. */
class FakeAddress {
  readonly held: boolean[] = [];

  hold(isNeeded: boolean): void {
    this.held.push(isNeeded);
  }

  close(): void {
    this.hold(false);
  }
}

function start(text = "::1") {
  const address = new FakeAddress();
  const errors: unknown[] = [];
  const log = { warn: () => undefined, error: (fields: object) => void errors.push(fields) };
  const relay = new TcpRelay(text, address, log);
  onTestFinished(() => relay.close());
  return { relay, address, errors };
}

async function startNode(): Promise<TestNode> {
  const node = await TestNode.start();
  onTestFinished(() => node.stop());
  return node;
}

interface Client {
  readonly socket: Socket;
  ask(text: string): Promise<void>;
}

/** A session that an echoing node has answered. */
async function liveClient(port: number): Promise<Client> {
  const socket = connect({ host: "::1", port });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString()));
  const ask = async (text: string): Promise<void> => {
    heard = "";
    socket.write(text);
    await until(`${text} came back`, () => heard === text);
  };
  await ask("hello");
  return { socket, ask };
}

test.skipIf(!hasIPv6)(
  "sessions are shared out over the nodes of their group, and follow a new list",
  async () => {
    const { relay, address } = start();
    const [one, two, other] = [await startNode(), await startNode(), await startNode()];
    const [first, second] = ["first", "second"] as NodeId[] as [NodeId, NodeId];
    const groups = new Map([
      [
        1,
        [
          { host: one.host, port: one.port, id: first },
          { host: two.host, port: two.port, id: second },
        ],
      ],
      [2, [other]],
    ]);
    const port = (await relay.apply(groups)).get(1) ?? 0;
    const { socket } = await liveClient(port);
    for (let n = 1; n < 4; n += 1) await liveClient(port);
    const carried = { newSessions: 2, bytesIn: 10, bytesOut: 10 };
    const both = { first: carried, second: carried };
    expect(Object.fromEntries(relay.traffic())).toEqual(both);
    socket.end();
    await once(socket, "close");
    expect(Object.fromEntries(relay.traffic())).toEqual(both);
    expect([one.sockets.length, two.sockets.length, other.sockets.length]).toEqual([2, 2, 0]);
    expect(await relay.apply(new Map([[1, [other]]]))).toEqual(new Map([[1, port]]));
    await liveClient(port);
    expect(other.sockets).toHaveLength(1);
    expect(address.held).toEqual([true, true]);
  },
);

test.skipIf(!hasIPv6)(
  "a session is cut by its port and no other is; also of a group that is gone",
  async () => {
    const { relay, address } = start();
    const node = await startNode();
    const port = (await relay.apply(new Map([[1, [node]]]))).get(1) ?? 0;
    const [first, second] = [await liveClient(port), await liveClient(port)];
    await relay.cut([first.socket.localPort ?? 0]);
    await until(
      "the first is over at both ends",
      () => first.socket.destroyed && node.sockets[0]?.destroyed === true,
    );
    await second.ask("still here");
    expect((await relay.apply(new Map())).size).toBe(0);
    await second.ask("and still");
    expect(address.held.at(-1)).toBe(true);
    await relay.cut([second.socket.localPort ?? 0]);
    await until("the second is over", () => second.socket.destroyed);
    await relay.apply(new Map());
    expect(address.held.at(-1)).toBe(false);
  },
);

test("where the host has no such address it is logged, and nothing fails", async () => {
  const { relay, errors } = start("fd00:dead:beef::9");
  expect(await relay.apply(new Map([[1, [{ host: "127.0.0.1", port: 1 }]]]))).toEqual(new Map());
  expect(errors).toHaveLength(1);
});
