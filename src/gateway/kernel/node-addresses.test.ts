import { expect, test } from "vitest";
import { NodeAddresses } from "./node-addresses.ts";

const named = [{ host: "search.example", port: 9200 }];

/** A name server that answers when it is told to. */
class NameServer {
  asked = 0;
  #answer = Promise.withResolvers<readonly string[]>();

  readonly lookup = (): Promise<readonly string[]> => {
    this.asked += 1;
    return this.#answer.promise;
  };

  answer(addresses: readonly string[] | Error): void {
    const { resolve, reject } = this.#answer;
    this.#answer = Promise.withResolvers();
    if (addresses instanceof Error) reject(addresses);
    else resolve(addresses);
  }
}

test("addresses are what they are, and nobody is asked", () => {
  const addresses = new NodeAddresses(() => 0, new NameServer().lookup);
  const nodes = [
    { host: "10.0.0.1", port: 1 },
    { host: "fd00::1", port: 2 },
  ];
  expect(addresses.resolve(nodes)).toEqual({ nodes, isPending: false });
  expect(addresses.news).toBeUndefined();
});

test("a name is pending until it is answered, and nobody waits for that", async () => {
  const server = new NameServer();
  const addresses = new NodeAddresses(() => 0, server.lookup);
  expect(addresses.resolve(named)).toEqual({ nodes: [], isPending: true });
  expect(addresses.resolve([...named, { host: "10.0.0.1", port: 1 }])).toEqual({
    nodes: [{ host: "10.0.0.1", port: 1 }],
    isPending: false,
  });
  const { news } = addresses;
  server.answer(["10.0.0.2", "10.0.0.3"]);
  await news;
  expect(addresses.resolve(named)).toEqual({
    nodes: [
      { host: "10.0.0.2", port: 9200 },
      { host: "10.0.0.3", port: 9200 },
    ],
    isPending: false,
  });
  expect([server.asked, addresses.news]).toEqual([1, undefined]);
});

test("a name that cannot be found has no addresses, or those that it had", async () => {
  let now = 0;
  const server = new NameServer();
  const addresses = new NodeAddresses(() => now, server.lookup);
  addresses.resolve(named);
  const first = addresses.news;
  server.answer(new Error("ENOTFOUND"));
  await first;
  expect(addresses.resolve(named)).toEqual({ nodes: [], isPending: false });
  now = 40_000;
  addresses.resolve(named);
  const second = addresses.news;
  server.answer(["10.0.0.2"]);
  await second;
  now = 80_000;
  const known = { nodes: [{ host: "10.0.0.2", port: 9200 }], isPending: false };
  expect(addresses.resolve(named)).toEqual(known);
  server.answer(new Error("ENOTFOUND"));
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  expect([addresses.resolve(named), server.asked]).toEqual([known, 3]);
});
