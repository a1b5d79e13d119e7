import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpointAddress, endpointAddress6, startLab, type Lab } from "../test-lab.ts";
import { missing, until } from "../test-network.ts";
import { refusalChain, refusalCounter, type SetName } from "./schema.ts";

describe.skipIf(missing)(`counters of refusals (${missing ?? "root"})`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ endpoints: 3 });
  });
  afterAll(() => lab.close());

  const packets = (set: SetName): readonly (readonly [number, number])[] =>
    [...lab.tables.countersIn(set)].map(([number, count]) => [number, count.packets] as const);

  test("begin with the first connection that is refused, and count those of both families", async () => {
    const reason = "not_accepted";
    const set = refusalCounter(reason);
    lab.tables.apply([{ verb: "add", set: "gate", element: { key: [1], chain: refusalChain(reason) } }]);
    expect(packets(set)).toEqual([]);
    for (const [count, address] of [
      [3, endpointAddress],
      [2, endpointAddress6],
    ] as const) {
      const refused = lab.consumer.state.refused + count;
      lab.consumer.tell({ kind: "connect", host: address, port: 9200, count });
      await until("all are refused", () => lab.consumer.state.refused === refused);
    }
    expect(packets(set)).toEqual([[1, 5]]);
    const marks = [2, 1, 3, 4];
    expect([...lab.tables.countersOf(set, marks).keys()]).toEqual([1]);
    expect([lab.tables.counted(set, 1), lab.tables.counted(set, 2)]).toEqual([5, 0]);
  });

  test("count a family that no node has, and it is told at once", async () => {
    const nodes = lab.tables.list("node4");
    lab.tables.apply(nodes.map((element) => ({ verb: "remove", set: "node4", element })));
    const refused = lab.consumer.state.refused + 2;
    lab.consumer.tell({ kind: "connect", host: endpointAddress, port: 9201, count: 2 });
    await until("all are refused", () => lab.consumer.state.refused === refused);
    expect(packets("refused_no_healthy_node")).toEqual([[2, 2]]);
    await lab.consumer.connect(endpointAddress6, 9201, 1);
  });
});
