import { expect, test } from "vitest";
import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId, ServiceId, VpcId } from "../../domain/ids.ts";
import { Figures, type FigureTables } from "./figures.ts";

/** The kernel's counters; every one says `opened` of its endpoint. */
class Kernel {
  readonly opened = new Map<number, number>();
  readonly live = new Map<number, number>();
  readonly asked: number[][] = [];
  now = 0;

  countersOf: FigureTables["countersOf"] = (set, numbers) => {
    if (set === "opened") this.asked.push([...numbers]);
    return new Map(numbers.map((number) => [number, { packets: this.opened.get(number) ?? 0, bytes: 0 }]));
  };

  countLive(): ReadonlyMap<number, number> {
    return new Map(this.live);
  }
}

function endpoints(count: number): readonly DesiredEndpoint[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `e${index + 1}` as EndpointId,
    address: "10.0.0.1",
    clientPorts: [80],
    maxSession: 1,
    refusal: null,
    nodes: [],
    kernel: { network: "v" as VpcId, service: "s" as ServiceId, number: index + 1 },
  }));
}

function figuresOf(kernel: Kernel, most: number): Figures {
  return new Figures(kernel, kernel, () => kernel.now, most);
}

const everyone = (): boolean => true;

test("of a few endpoints all counters are read, and one that has not changed is the same object", () => {
  const kernel = new Kernel();
  kernel.opened.set(1, 5);
  const desired = endpoints(2);
  const figures = figuresOf(kernel, 10);
  const before = figures.read(desired, everyone);
  expect(before).toMatchObject([
    { endpointId: "e1", newSessions: 5, sessions: 0 },
    { endpointId: "e2", newSessions: 0 },
  ]);
  kernel.opened.set(2, 1);
  kernel.live.set(2, 1);
  kernel.now += 1;
  const after = figures.read(desired, everyone);
  expect(after).toMatchObject([{ newSessions: 5 }, { newSessions: 1, sessions: 1 }]);
  expect(after[0]).toBe(before[0]);
  expect(figures.read(desired, everyone)).toBe(after);
});

test("of many endpoints those with sessions are read each time, also once these have ended, and others in turn", () => {
  const kernel = new Kernel();
  const desired = endpoints(10);
  const figures = figuresOf(kernel, 2);
  kernel.live.set(9, 3);
  kernel.opened.set(9, 3);
  expect(figures.read(desired, everyone)[8]).toMatchObject({ sessions: 3, newSessions: 3 });
  kernel.live.delete(9);
  kernel.opened.set(9, 4);
  expect(figures.read(desired, everyone)[8]).toMatchObject({ sessions: 0, newSessions: 4 });
  for (let look = 0; look < 3; look += 1) figures.read(desired, everyone);
  expect(kernel.asked).toEqual([
    [9, 1, 2],
    [9, 3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
  ]);
});

test("where more have sessions than are read at once, these take turns too", () => {
  const kernel = new Kernel();
  for (const number of [1, 2, 3]) kernel.live.set(number, number);
  const desired = endpoints(3);
  const figures = figuresOf(kernel, 2);
  for (let look = 0; look < 3; look += 1) figures.read(desired, everyone);
  expect(kernel.asked.map(([first]) => first)).toEqual([1, 2, 3]);
  expect(figures.read(desired, everyone).map(({ sessions }) => sessions)).toEqual([1, 2, 3]);
});

test("an endpoint that the kernel does not carry has none, and one that is gone is forgotten", () => {
  const kernel = new Kernel();
  kernel.opened.set(1, 5);
  const figures = figuresOf(kernel, 10);
  expect(figures.read(endpoints(2), (number) => number !== 1)).toMatchObject([{ newSessions: 0 }, {}]);
  figures.read(endpoints(2), everyone);
  expect(figures.read([], everyone)).toEqual([]);
  kernel.opened.clear();
  expect(figures.read(endpoints(1), () => false)).toMatchObject([{ newSessions: 0 }]);
});

test("sessions that were cut are counted for their endpoint, from nothing where it is carried anew", () => {
  const kernel = new Kernel();
  const desired = endpoints(2);
  const figures = figuresOf(kernel, 10);
  figures.read(desired, everyone);
  figures.countSevered(2);
  figures.countSevered(2);
  kernel.now += 1;
  const after = figures.read(desired, everyone);
  expect(after.map(({ severed }) => severed)).toEqual([undefined, 2]);
  figures.countSevered(2);
  kernel.now += 1;
  expect(figures.read(desired, everyone)[1]?.severed).toBe(3);
  figures.read(endpoints(1), everyone);
  kernel.now += 1;
  expect(figures.read(endpoints(2), everyone)[1]?.severed).toBeUndefined();
});
