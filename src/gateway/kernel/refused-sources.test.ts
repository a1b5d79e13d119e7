import { expect, test } from "vitest";
import type { EndpointId } from "../../domain/ids.ts";
import { refusalReasons } from "../../domain/refusal.ts";
import type { Value } from "./nft/element.ts";
import type { SetName } from "./nft/schema.ts";
import type { Change, Listed } from "./nft/tables.ts";
import { RefusedSources } from "./refused-sources.ts";

const cap = refusalReasons.indexOf("session_cap");

/** The kernel's sets, as far as they are read here. */
class Kernel {
  readonly sets = new Map<string, { set: SetName; key: readonly Value[]; packets: number }>();
  now = 0;
  looks = 0;

  refuse(set: SetName, ...key: readonly Value[]): void {
    const name = `${set} ${key.join(" ")}`;
    const { packets } = this.sets.get(name) ?? { packets: 0 };
    this.sets.set(name, { set, key, packets: packets + 1 });
  }

  list = (set: SetName): readonly Listed[] => {
    this.looks += 1;
    this.now += 1;
    const own = [...this.sets.values()].filter((element) => element.set === set);
    return own.map(({ key, packets }) => ({ key, counter: { packets, bytes: 0 } }));
  };

  apply = (changes: readonly Change[]): void => {
    for (const { set, element } of changes) {
      const name = `${set} ${element.key.join(" ")}`;
      if (!this.sets.delete(name)) throw new Error(`ENOENT ${name}`);
    }
  };
}

function start() {
  const kernel = new Kernel();
  const clocks = { now: () => kernel.now, wallNow: () => 1_000_000 + kernel.now };
  const sources = new RefusedSources(kernel, clocks);
  const ids = new Map<number, string>([
    [7, "a"],
    [8, "b"],
  ]);
  const take = () => {
    kernel.now += 1_000;
    const told = sources.take(100, (number) => ids.get(number) as EndpointId | undefined);
    return told.map(({ endpointId, reason, source, count }) => [endpointId, reason, source, count]);
  };
  return { kernel, sources, ids, take };
}

test("tells what came since the last look, by endpoint, reason and source, with the time of the look", () => {
  const { kernel, take, sources } = start();
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  kernel.refuse("refused_source6", 8, 0, "fd00::7");
  kernel.refuse("refused_others", 7, cap);
  expect(take()).toEqual([
    ["a", "session_cap", "10.0.0.7", 2],
    ["b", "not_accepted", "fd00::7", 1],
    ["a", "session_cap", null, 1],
  ]);
  expect(take()).toEqual([]);
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  kernel.now += 1_000;
  const [record] = sources.take(1, () => "a" as EndpointId);
  expect(record).toMatchObject({ count: 1, firstAt: 1_000_000 + kernel.now, lastAt: 1_000_000 + kernel.now });
});

test("what a predecessor has counted is not told again", () => {
  const { kernel, sources, take } = start();
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  sources.takeOver();
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  expect(take()).toEqual([["a", "session_cap", "10.0.0.7", 1]]);
});

test("who is quiet for ten minutes gives his place up; who goes on keeps it", () => {
  const { kernel, take } = start();
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  kernel.refuse("refused_source4", 7, cap, "10.0.0.8");
  take();
  kernel.now += 500_000;
  kernel.refuse("refused_source4", 7, cap, "10.0.0.8");
  take();
  kernel.now += 200_000;
  take();
  expect([...kernel.sets.keys()]).toEqual([`refused_source4 7 ${cap} 10.0.0.8`]);
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  expect(take()).toEqual([["a", "session_cap", "10.0.0.7", 1]]);
});

test("elements of endpoints that are no more go, and none is told of another that has their number", () => {
  const { kernel, ids, take } = start();
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  kernel.refuse("refused_others", 8, cap);
  take();
  kernel.refuse("refused_source4", 7, cap, "10.0.0.7");
  ids.set(7, "c");
  ids.delete(8);
  expect(take()).toEqual([]);
  expect(kernel.sets.size).toBe(0);
});

test("a look that takes long is not made often", () => {
  const { kernel, sources } = start();
  const look = () => sources.take(1, () => undefined);
  look();
  const { looks } = kernel;
  kernel.now += 59;
  look();
  expect(kernel.looks).toBe(looks);
  kernel.now += 1;
  look();
  expect(kernel.looks).toBe(looks * 2);
});
