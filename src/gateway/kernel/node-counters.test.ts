import { expect, test } from "vitest";
import type { NodeId } from "../../domain/ids.ts";
import { mostCountedNodes, nodeCounterSets, type SetName } from "./nft/schema.ts";
import type { Change, Listed } from "./nft/tables.ts";
import { figuresOfNodes, NodeCounters } from "./node-counters.ts";
import type { NodePlace } from "./node-owners.ts";

const [a, b] = ["a", "b"] as NodeId[] as [NodeId, NodeId];
const place = (id: NodeId, host: string, port = 9200): NodePlace => ({ id, host, port });

/** The kernel's sets, as far as they are read here. To read one takes a millisecond. */
class Kernel {
  readonly #counters = new Map<string, { readonly set: SetName; readonly element: Listed }>();
  now = 0;
  isBroken = false;

  /** As the rules do: where there is no element, nothing is counted. */
  carry(what: keyof typeof nodeCounterSets, host: string, port: number, bytes: number): void {
    const set = nodeCounterSets[what][host.includes(":") ? 6 : 4];
    const { element } = this.#counters.get(`${set} ${host} ${port}`) ?? {};
    if (!element?.counter) return;
    const counter = { packets: element.counter.packets + 1, bytes: element.counter.bytes + bytes };
    this.#counters.set(`${set} ${host} ${port}`, { set, element: { ...element, counter } });
  }

  get addresses(): readonly string[] {
    const names = [...this.#counters.values()].map(({ element }) => element.key.join(" "));
    return [...new Set(names)];
  }

  list = (set: SetName): readonly Listed[] => {
    this.now += 1;
    return [...this.#counters.values()].filter((one) => one.set === set).map(({ element }) => element);
  };

  apply = (changes: readonly Change[]): void => {
    if (this.isBroken) throw new Error("EIO");
    for (const { verb, set, element } of changes) {
      const name = `${set} ${element.key.join(" ")}`;
      if (this.#counters.has(name) === (verb === "add")) throw new Error(`${verb} ${name}`);
      if (verb === "remove") this.#counters.delete(name);
      else this.#counters.set(name, { set, element: { ...element, counter: { packets: 0, bytes: 0 } } });
    }
  };
}

function start(kernel = new Kernel()) {
  const counters = new NodeCounters(kernel, () => kernel.now);
  const read = (...places: readonly NodePlace[]) => {
    kernel.now += 1_000;
    return Object.fromEntries(counters.read(places));
  };
  return { kernel, counters, read };
}

const traffic = (newSessions: number, bytesIn: number, bytesOut: number) => ({
  newSessions,
  bytesIn,
  bytesOut,
});

test("what addresses of both families and mapped ports have carried is their node's", () => {
  const { kernel, counters, read } = start();
  const places = [place(a, "10.0.0.1"), place(a, "fd00::1"), place(b, "10.0.0.2")];
  counters.count([...places, place(a, "10.0.0.1", 9243)]);
  kernel.carry("opened", "10.0.0.1", 9200, 60);
  kernel.carry("into", "10.0.0.1", 9200, 100);
  kernel.carry("into", "10.0.0.1", 9243, 20);
  kernel.carry("outOf", "fd00::1", 9200, 3);
  expect(read(...places)).toEqual({ a: traffic(1, 120, 3), b: traffic(0, 0, 0) });
});

test("nothing is told of nodes whose bytes may have been another's", () => {
  const { kernel, counters, read } = start();
  expect(read(place(a, "10.0.0.1"), place(b, "10.0.0.1"))).toEqual({});
  const apart = [place(a, "10.0.0.1", 9200), place(b, "10.0.0.1", 9201)];
  counters.count(apart);
  kernel.carry("into", "10.0.0.1", 9200, 100);
  expect(read(...apart)).toEqual({ a: traffic(0, 100, 0), b: traffic(0, 0, 0) });
  counters.count([place(a, "10.0.0.1", 9243)]);
  expect(read(...apart)).toEqual({});
  expect(read(place(a, "10.0.0.1"), { host: "10.0.0.1", port: 9200 })).toEqual({});
});

test("what is no service's any more is counted no more, and a successor goes on with the rest", () => {
  const { kernel, counters, read } = start();
  counters.count([place(a, "10.0.0.1"), place(b, "10.0.0.2")]);
  kernel.carry("into", "10.0.0.1", 9200, 100);
  expect(read(place(a, "10.0.0.1"))).toEqual({ a: traffic(0, 100, 0) });
  expect(kernel.addresses).toEqual(["10.0.0.1 9200"]);
  const successor = start(kernel);
  successor.counters.count([place(a, "10.0.0.1"), place(b, "10.0.0.2")]);
  expect(successor.read(place(a, "10.0.0.1"), place(b, "10.0.0.2"))).toEqual({
    a: traffic(0, 100, 0),
    b: traffic(0, 0, 0),
  });
});

test("there is room for so many addresses of a family; nothing is told of others", () => {
  const { kernel, counters, read } = start();
  const filling = Array.from({ length: mostCountedNodes }, (_, port) => place(a, "10.0.0.1", port + 1));
  counters.count([...filling, place(b, "10.0.0.2"), place(b, "fd00::2")]);
  expect(kernel.addresses).toHaveLength(mostCountedNodes + 1);
  expect(read(...filling, place(b, "10.0.0.2"))).toEqual({ a: traffic(0, 0, 0) });
});

test("after a failure everything is looked at anew", () => {
  const { kernel, counters, read } = start();
  counters.count([place(a, "10.0.0.1")]);
  kernel.isBroken = true;
  expect(() => counters.count([place(b, "10.0.0.2")])).toThrow("EIO");
  kernel.isBroken = false;
  counters.count([place(b, "10.0.0.2")]);
  expect(Object.keys(read(place(a, "10.0.0.1"), place(b, "10.0.0.2")))).toEqual(["a", "b"]);
});

test("reading rests for twenty times as long as it took", () => {
  const { kernel, counters } = start();
  const places = [place(a, "10.0.0.1")];
  counters.read(places);
  const tookMs = kernel.now;
  kernel.now += 20 * tookMs - 1;
  kernel.carry("into", "10.0.0.1", 9200, 100);
  expect(counters.read(places).get(a)?.bytesIn).toBe(0);
  kernel.now += 1;
  expect(counters.read(places).get(a)?.bytesIn).toBe(100);
});

test("sessions are told of every node, and what it carried where that is known, with what was relayed", () => {
  const known = {
    sessions: new Map([[a, 2]]),
    counted: new Map([[a, traffic(3, 1, 2)]]),
    relayed: new Map([[a, traffic(1, 10, 20)]]),
  };
  expect(Object.fromEntries(figuresOfNodes([a, b], known))).toEqual({
    a: { sessions: 2, traffic: traffic(4, 11, 22) },
    b: { sessions: 0 },
  });
});
