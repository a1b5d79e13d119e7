import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refusalReasons, type RefusalReason } from "../../../domain/refusal.ts";
import { consumerAddress, endpointAddress, endpointAddress6, startLab, type Lab } from "../test-lab.ts";
import { missing, until } from "../test-network.ts";
import type { Element } from "./element.ts";
import { refusalChain, refusalCounter, type SetName } from "./schema.ts";
import type { Change } from "./tables.ts";

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

  test("tell the sources apart, for each reason", async () => {
    const gate = (reason: RefusalReason): void => {
      const element = { key: [3], chain: refusalChain(reason) };
      lab.tables.apply([
        ...lab.tables.list("gate").flatMap(({ key }) => (key[0] === 3 ? [remove("gate", key)] : [])),
        { verb: "add", set: "gate", element },
      ]);
    };
    const refuse = async (host: string, count: number): Promise<void> => {
      const refused = lab.consumer.state.refused + count;
      lab.consumer.tell({ kind: "connect", host, port: 9202, count });
      await until("all are refused", () => lab.consumer.state.refused === refused);
    };
    gate("service_closed");
    await refuse(endpointAddress, 3);
    await refuse(endpointAddress6, 1);
    gate("not_whitelisted");
    await refuse(endpointAddress, 2);
    const of = (set: SetName) =>
      lab.tables
        .list(set)
        .filter(({ key }) => key[0] === 3)
        .map(({ key, counter }) => [refusalReasons[Number(key[1])], key[2], counter?.packets]);
    expect(of("refused_source4")).toHaveLength(2);
    expect(of("refused_source4")).toEqual(
      expect.arrayContaining([
        ["not_whitelisted", consumerAddress, 2],
        ["service_closed", consumerAddress, 3],
      ]),
    );
    expect(of("refused_source6")).toMatchObject([["service_closed", expect.stringContaining("fd00:1::"), 1]]);
    expect([of("refused_others").length, of("newcomers").length]).toEqual([0, 1]);
    // Its element is found and taken away by its number, as those of counters are.
    expect([...lab.tables.countersOf("newcomers", [3, 404]).keys()]).toEqual([3]);
    lab.tables.apply([
      remove("newcomers", [3]),
      ...lab.tables.list("refused_source6").map(({ key }) => remove("refused_source6", key)),
    ]);
    expect([of("newcomers"), of("refused_source6")]).toEqual([[], []]);
  });

  test("count every refusal of an endpoint and reason, and each once, whatever has no room", async () => {
    const total = (set: SetName) =>
      lab.tables
        .list(set)
        .reduce((sum, { key, counter }) => sum + (key[0] === 3 ? (counter?.packets ?? 0) : 0), 0);
    const others = lab.tables.list("refused_others").length;
    // A newcomer's credits are used up: another source is among the others.
    for (const set of ["refused_source4", "refused_source6"] as const)
      lab.tables.apply(lab.tables.list(set).map(({ key }) => remove(set, key)));
    lab.tables.apply([
      ...lab.tables.list("newcomers").map(({ key }) => remove("newcomers", key)),
      { verb: "add", set: "newcomers", element: { key: [3], rate: { perSecond: 1, burst: 1 } } },
    ]);
    const before = lab.tables.counted("refused_not_whitelisted", 3);
    const refused = lab.consumer.state.refused + 4;
    for (const host of [endpointAddress, endpointAddress6]) {
      lab.consumer.tell({ kind: "connect", host, port: 9202, count: 2 });
    }
    await until("all are refused", () => lab.consumer.state.refused === refused);
    expect(lab.tables.counted("refused_not_whitelisted", 3) - before).toBe(4);
    expect(total("refused_source4") + total("refused_source6") + total("refused_others")).toBe(4);
    expect(lab.tables.list("refused_others")).toHaveLength(others + 1);
  });
});

function remove(set: SetName, key: Element["key"]): Change {
  return { verb: "remove", set, element: { key } };
}
