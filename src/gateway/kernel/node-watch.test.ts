import { beforeEach, expect, test } from "vitest";
import type { AwayNode, DesiredNode, SessionsFate } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import { ipv4ToNumber, type Ipv4 } from "../../lib/ipv4.ts";
import type { Traffic } from "./conntrack/flow.ts";
import { MessageWriter } from "./netlink/message-writer.ts";
import { NodeWatch } from "./node-watch.ts";

const established = 3;
const timeWait = 7;

interface FakeFlow {
  readonly node: string;
  readonly consumerPort: number;
  readonly mark: number;
  tcpState: number;
  sent: Traffic;
  received: Traffic;
}

/** The host's flows, told as the kernel tells them, and nodes whose sessions are to have an end. */
class Host {
  flows: FakeFlow[] = [];
  readonly nodes = new Map<string, DesiredNode | AwayNode>();
  revision = 1;
  now = 0;
  walks = 0;
  /** What one walk takes. */
  walkMs = 0;
  /** Walks wait for this. */
  gate: Promise<void> = Promise.resolve();
  readonly ended: (readonly [keys: readonly string[], endpoints: readonly number[]])[] = [];
  readonly watch = new NodeWatch({
    walk: (receive) => this.#walk(receive),
    nodeOf: ({ reply }) => this.nodes.get(reply.source),
    revision: () => this.revision,
    end: (keys, endpoints) => Promise.resolve(this.ended.push([[...keys], [...endpoints]])),
    now: () => this.now,
  });

  has(host: string, id: string, sessions?: SessionsFate): void {
    this.nodes.set(host, {
      id: id as NodeId,
      host,
      port: 9200,
      ...(sessions && { sessions }),
    });
  }

  /** A session whose node has answered already. */
  opens(node: string, consumerPort: number, mark = 5): FakeFlow {
    const traffic = { packets: 4, bytes: 3_000 };
    const flow = { node, consumerPort, mark, tcpState: established, sent: traffic, received: traffic };
    this.flows.push(flow);
    return flow;
  }

  async lookAt(ms: number): Promise<readonly (readonly [string, number])[] | undefined> {
    this.now = ms;
    await this.watch.look();
    const { counts } = this.watch;
    return counts && [...counts];
  }

  async #walk(receive: (attributes: Buffer) => void): Promise<void> {
    this.walks += 1;
    await this.gate;
    for (const flow of this.flows) receive(attributesOf(flow));
    this.now += this.walkMs;
  }
}

function attributesOf({ node, consumerPort, mark, tcpState, sent, received }: FakeFlow): Buffer {
  const writer = new MessageWriter();
  const within = (type: number, write: () => void): void => {
    const start = writer.open(type);
    write();
    writer.close(start);
  };
  const tuple = (type: number, ends: readonly [string, string], ports: readonly [number, number]): void =>
    within(type, () => {
      within(1, () => ends.forEach((host, index) => writer.u32(index + 1, ipv4ToNumber(host as Ipv4))));
      within(2, () =>
        ports.forEach((port, index) => writer.data(index + 2, Buffer.from([port >> 8, port & 255]))),
      );
    });
  tuple(1, ["10.0.0.2", "10.0.0.50"], [consumerPort, 9200]);
  tuple(2, [node, "10.9.0.1"], [9200, consumerPort]);
  within(4, () => within(1, () => writer.data(1, Buffer.from([tcpState]))));
  writer.u32(8, mark);
  for (const [type, { packets, bytes }] of [
    [9, sent],
    [10, received],
  ] as const)
    within(type, () => [packets, bytes].forEach((value, index) => writer.u64(index + 1, BigInt(value))));
  return writer.bytes();
}

const [one, two] = ["10.9.0.11", "10.9.0.12"];
const keyOf = (consumerPort: number): string => `0 10.0.0.2 ${consumerPort} 10.0.0.50 9200`;

let host: Host;
beforeEach(() => {
  host = new Host();
  host.has(one, "n1");
  host.has(two, "n2", "close");
});

test("live sessions are counted by their node: neither those that have ended, nor other programs' flows", async () => {
  expect(host.watch.counts).toBeUndefined();
  host.opens(one, 1);
  host.opens(one, 2);
  host.opens(two, 3);
  host.opens(one, 4).tcpState = timeWait;
  host.opens(one, 5, 0);
  host.opens("10.9.0.99", 6);
  expect(await host.lookAt(0)).toEqual([
    ["n1", 2],
    ["n2", 1],
  ]);
});

test("what was counted before nodes changed is not told, also where they changed meanwhile, and is counted anew at once", async () => {
  host.opens(one, 1);
  await host.lookAt(0);
  host.revision += 1;
  expect(host.watch.counts).toBeUndefined();
  expect(await host.lookAt(1)).toEqual([["n1", 1]]);
  host.revision += 1;
  const opened = Promise.withResolvers<void>();
  host.gate = opened.promise;
  const looking = host.lookAt(2);
  host.revision += 1;
  opened.resolve();
  expect(await looking).toBeUndefined();
  expect([await host.lookAt(3), host.walks]).toEqual([[["n1", 1]], 4]);
});

test("a session at rest on a node whose sessions are to be closed is ended, after two seconds; others go on", async () => {
  host.opens(one, 1);
  host.opens(two, 2, 7);
  const busy = host.opens(two, 3);
  await host.lookAt(0);
  busy.received = { packets: 9, bytes: 30_000 };
  await host.lookAt(1_999);
  expect(host.ended).toEqual([]);
  await host.lookAt(2_999);
  expect(host.ended).toEqual([[[keyOf(2)], [7]]]);
});

test("a session at rest on a node that keeps its sessions is left alone, until it is to close them", async () => {
  host.has(two, "n2", "stay");
  host.opens(two, 2);
  await host.lookAt(0);
  await host.lookAt(60_000);
  expect(host.ended).toEqual([]);
  host.has(two, "n2", "close");
  await host.lookAt(120_000);
  expect(host.ended).toEqual([[[keyOf(2)], [5]]]);
});

test("it is looked every five seconds, every second while a node is to lose its sessions, and rarer where looking takes long", async () => {
  const walksUntil = async (...times: readonly number[]): Promise<readonly number[]> => {
    const walks: number[] = [];
    for (const at of times) {
      await host.lookAt(at);
      walks.push(host.walks);
    }
    return walks;
  };
  host.opens(one, 1);
  expect(await walksUntil(0, 4_999, 5_000)).toEqual([1, 1, 2]);
  host.opens(two, 2);
  expect(await walksUntil(10_000, 10_999, 11_000)).toEqual([3, 3, 4]);
  host.walkMs = 1_000;
  expect(await walksUntil(12_000, 32_999, 33_000)).toEqual([5, 5, 6]);
});

test("one look at a time; one that fails makes room for the next, which is not made in vain again and again", async () => {
  const opened = Promise.withResolvers<void>();
  host.gate = opened.promise;
  const looking = host.lookAt(0);
  host.revision += 1;
  await host.lookAt(0);
  expect(host.walks).toBe(1);
  opened.reject(new Error("no buffer space"));
  await expect(looking).rejects.toThrow("no buffer space");
  host.gate = Promise.resolve();
  expect([await host.lookAt(1), host.walks]).toEqual([[], 2]);
  host.gate = Promise.reject(new Error("again"));
  await expect(host.lookAt(6_000)).rejects.toThrow("again");
  await host.lookAt(6_001);
  expect(host.walks).toBe(3);
});
