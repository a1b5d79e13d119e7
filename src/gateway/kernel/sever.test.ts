import { describe, expect, onTestFinished, test } from "vitest";
import type { KernelEndpoint } from "./compile.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import type { Flow } from "./conntrack/flow.ts";
import { Poker } from "./conntrack/poke.ts";
import { sever, verdictOn, type Verdict } from "./sever.ts";
import { endpointAddress, startLab } from "./test-lab.ts";
import { missing, until } from "./test-network.ts";

const before: KernelEndpoint = {
  number: 1,
  network: 7,
  device: "eth1",
  addresses: ["10.0.0.50", "fd00::50"],
  ports: [
    { port: 80, group: 1 },
    { port: 9200, group: 2 },
  ],
  refusal: null,
  sources: ["10.0.0.0/24"],
  hasNodes: true,
};
const nothing = { packets: 0, bytes: 0 };

function flow(source: string, destination: string, destinationPort: number): Flow {
  const original = { source, destination, sourcePort: 1, destinationPort };
  return { original, reply: original, mark: 1, zone: 7, tcpState: 3, sent: nothing, received: nothing };
}

test.each([
  ["is gone", undefined],
  ["is refused", { refusal: "not_accepted" } as const],
  ["is in another network", { network: 8 }],
])("all flows of an endpoint that %s end", (_what, change) => {
  expect(verdictOn(before, change && { ...before, ...change })).toBe("all");
});

test.each([
  ["nothing", {}],
  ["its interface", { device: "eth2" }],
  ["its nodes", { hasNodes: false }],
  ["its rates", { connectionRate: 1, byteRate: 1 }],
  ["another port", { ports: [...before.ports, { port: 81, group: 1 }] }],
  ["wider sources", { sources: undefined }],
])("no flow ends where an endpoint changes %s", (_what, change) => {
  const { sources, ...rest } = { ...before, ...change };
  expect(verdictOn(before, sources === undefined ? rest : { ...rest, sources })).toBeUndefined();
});

test.each([
  ["sources that are narrower", { sources: ["10.0.0.1", "fd00::/64"] }, [true, false, true, false]],
  ["one address less", { addresses: ["10.0.0.50"] }, [false, false, false, true]],
  ["one port less", { ports: [{ port: 9200, group: 2 }] }, [true, false, false, false]],
  [
    "a port that leads elsewhere",
    {
      ports: [
        { port: 80, group: 1 },
        { port: 9200, group: 9 },
      ],
    },
    [false, true, true, true],
  ],
])("with %s only what is no longer allowed ends", (_what, change, ends) => {
  const verdict = verdictOn(before, { ...before, ...change });
  const flows = [
    flow("10.0.0.2", "10.0.0.50", 80),
    flow("10.0.0.1", "10.0.0.50", 9200),
    flow("10.0.0.3", "10.0.0.50", 9200),
    flow("fd00::9", "fd00::50", 9200),
  ];
  expect(flows.map((each) => verdict === "all" || verdict?.(each))).toEqual(ends);
});

describe.skipIf(missing)(`flows of the kernel (${missing ?? "root"})`, () => {
  test("each live one that ends is told by its endpoint: not those that have ended, or that are spared", async () => {
    const lab = await startLab({ endpoints: 3 });
    onTestFinished(() => lab.close());
    const socket = lab.gateway.netfilter();
    onTestFinished(() => socket.close());
    const poker = lab.gateway.within((libc) => Poker.open(libc));
    onTestFinished(() => poker.close());
    const conntrack = new Conntrack(socket);
    const live = (): readonly (readonly [number, number])[] =>
      [...conntrack.countLive()].toSorted(([one], [other]) => one - other);

    await lab.consumer.connect(endpointAddress, 9200, 2);
    lab.consumer.tell({ kind: "end" });
    await until("the first sessions have ended", () => live().length === 0);
    await lab.consumer.connect(endpointAddress, 9200, 3);
    await lab.consumer.connect(endpointAddress, 9201, 2);
    await lab.consumer.connect(endpointAddress, 9202, 1);
    const port = Math.min(...conntrack.list(2).map(({ original }) => original.sourcePort));
    const verdicts = new Map<number, Verdict>([
      [1, "all"],
      [2, ({ original }) => original.sourcePort === port],
    ]);
    const told: number[] = [];
    const parts = { conntrack, poker, relay: { cut: () => Promise.resolve() } };
    const severed = await sever(parts, verdicts, undefined, (number) => told.push(number));
    expect([severed, told.toSorted((one, other) => one - other), live()]).toEqual([
      4,
      [1, 1, 1, 2],
      [
        [2, 1],
        [3, 1],
      ],
    ]);
  });
});
