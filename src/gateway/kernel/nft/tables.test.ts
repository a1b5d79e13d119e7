import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { NetlinkError, type NetlinkSocket } from "../netlink/netlink-socket.ts";
import { missing, TestNamespace } from "../test-network.ts";
import type { Element } from "./element.ts";
import { rulesetText, rulesetVersion } from "./ruleset.ts";
import { setNames, tableName, vpcMark, type SetName } from "./schema.ts";
import { Tables, type Change } from "./tables.ts";

const mark = vpcMark | 1;
const examples: Readonly<Partial<Record<SetName, Element>>> = {
  vpc_of_interface: { key: ["eth-15-letters1"], data: [mark] },
  zone_of_interface: { key: ["eth1"], data: [65_535] },
  prefixes4: { key: [mark, "10.0.0.0"], last: "10.0.0.255" },
  prefixes6: { key: [mark, "fd00::"], last: "fd00::ffff" },
  arp_vpc_of_interface: { key: ["eth1"], data: [mark] },
  arp_sender_of_interface: { key: ["eth1"], data: ["10.0.0.50"] },
  arp_announced: { key: ["eth1", "10.0.0.50"] },
  resolver4: { key: [mark, "10.0.0.53"] },
  resolver6: { key: [mark, "fd00::53"] },
  endpoint4: { key: [mark, "10.0.0.50", 9200], data: [0xffff_fffe] },
  endpoint6: { key: [mark, "fd00::50", 9200], data: [16_777_217] },
  zone_of_address4: { key: ["eth1", "10.0.0.50", 9200], data: [7] },
  zone_of_address6: { key: ["eth1", "fd00::50", 9200], data: [65_535] },
  vpc_of_endpoint: { key: [16_777_217], data: [mark] },
  group_of_port: { key: [16_777_217, 9200], data: [4] },
  gate: { key: [16_777_217], chain: "refuse_not_accepted" },
  sources4: { key: [16_777_217, "10.0.0.9"], last: "10.0.0.9" },
  sources6: { key: [16_777_217, "::"], last: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
  cap: { key: [16_777_217], cap: 1_000_000, comment: "3000" },
  connection_rate: { key: [16_777_217], rate: { perSecond: 50, burst: 10 } },
  bandwidth: { key: [16_777_217], rate: { perSecond: 125_000_000, burst: 1_000_000 } },
  refused_source4: { key: [16_777_217, 6, "10.0.0.9"] },
  refused_source6: { key: [16_777_217, 0, "fd00::9"] },
  refused_others: { key: [16_777_217, 3] },
  opened_node4: { key: ["10.9.0.1", 9200] },
  opened_node6: { key: ["fd09::1", 9200] },
  into_node4: { key: ["10.9.0.1", 1] },
  into_node6: { key: ["fd09::1", 1] },
  out_of_node4: { key: ["10.9.0.1", 65_535] },
  out_of_node6: { key: ["fd09::1", 65_535] },
  node4: { key: [4, 59], data: ["10.9.0.1", 9200] },
  node6: { key: [4, 0], data: ["fd09::1", 65_535] },
};
const exampleOf = (set: SetName): Element => examples[set] ?? { key: [16_777_217] };
const add = (set: SetName, element: Element): Change => ({ verb: "add", set, element });
const remove = (set: SetName, element: Element): Change => ({ verb: "remove", set, element });

function codeOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof NetlinkError) return error.code;
    throw error;
  }
}

describe.skipIf(missing)(`the tables in the kernel (${missing ?? "root"})`, () => {
  let namespace: TestNamespace;
  let socket: NetlinkSocket;
  let tables: Tables;

  beforeAll(async () => {
    namespace = await TestNamespace.create();
    socket = namespace.netfilter();
    tables = new Tables(socket);
  });
  beforeEach(() => {
    namespace.run("nft -f -", `flush ruleset; ${rulesetText()}`);
  });
  afterAll(async () => {
    socket.close();
    await namespace.close();
  });

  test.each(setNames)("an element of %s is listed as it was added, and is gone when it is removed", (set) => {
    const element = exampleOf(set);
    tables.apply([add(set, element)]);
    expect(tables.list(set)).toEqual([expect.objectContaining(element)]);
    tables.apply([remove(set, element)]);
    expect(tables.list(set)).toEqual([]);
  });

  test("nft reads the elements as they were meant", () => {
    tables.apply(setNames.map((set) => add(set, exampleOf(set))));
    const shown = namespace.run(`nft list table inet ${tableName}`).replaceAll(/\s+/g, " ");
    for (const text of [
      '"eth-15-letters1" : 0x50440001',
      "0x50440001 . 10.0.0.50 . 9200 : 0xfffffffe",
      "0x50440001 . 10.0.0.0/24",
      "0x01000001 . 10.0.0.9",
      "0x01000001 : goto refuse_not_accepted",
      'ct count over 1000000 comment "3000"',
      "limit rate over 50/second burst 10 packets",
      "0:4 . 59 : 10.9.0.1 . 9200",
    ]) {
      expect(shown).toContain(text);
    }
  });

  test("knows its own sets from what is not there", () => {
    expect([tables.hasSet(`version_${rulesetVersion}`), tables.hasSet("version_0")]).toEqual([true, false]);
    namespace.run("nft flush ruleset");
    expect(tables.hasSet(`version_${rulesetVersion}`)).toBe(false);
  });

  test("a batch with one refused change changes nothing, and the error names the kernel's code", () => {
    tables.apply([add("sourced", { key: [1] })]);
    const batch = [add("nodeless", { key: [1] }), add("sourced", { key: [1] }), add("sourced", { key: [2] })];
    expect(codeOf(() => tables.apply(batch))).toBe("EEXIST");
    expect(
      codeOf(() => tables.apply([remove("sourced", { key: [1] }), remove("sourced", { key: [9] })])),
    ).toBe("ENOENT");
    expect([tables.list("nodeless"), tables.list("sourced")]).toEqual([[], [{ key: [1] }]]);
    tables.apply([add("nodeless", { key: [1] })]);
    expect(tables.list("nodeless")).toEqual([{ key: [1] }]);
  });

  test("a refusal early in a batch of many messages is told, and the next batch is not confused by it", () => {
    tables.apply([add("sourced", { key: [1] })]);
    const many = Array.from({ length: 2_000 }, (_, number) => add("sourced", { key: [number + 1] }));
    expect(codeOf(() => tables.apply(many))).toBe("EEXIST");
    tables.apply(many.slice(1));
    expect(tables.list("sourced")).toHaveLength(2_000);
  });

  test("what the kernel lists twice, as it makes its table larger, it is asked for again, but not forever", () => {
    tables.apply([add("sourced", { key: [1] }), add("sourced", { key: [2] })]);
    const dump = socket.dump.bind(socket);
    let troubled = 3;
    const spy = vi.spyOn(socket, "dump").mockImplementation((request, sequence, receive) => {
      const isTroubled = troubled > 0;
      troubled -= 1;
      dump(request, sequence, (type, payload) => {
        receive(type, payload);
        if (isTroubled) receive(type, payload);
      });
    });
    onTestFinished(() => void vi.restoreAllMocks());
    expect(tables.list("sourced")).toHaveLength(2);
    expect(spy).toHaveBeenCalledTimes(4);
    troubled = Number.POSITIVE_INFINITY;
    expect(tables.list("sourced")).toHaveLength(2);
  });

  test("changes are made in their order: to change an element is to remove and to add it", () => {
    const [old, next] = [
      { key: [1], data: [mark] },
      { key: [1], data: [mark + 1] },
    ];
    tables.apply([add("vpc_of_endpoint", old)]);
    expect(codeOf(() => tables.apply([add("vpc_of_endpoint", next), remove("vpc_of_endpoint", old)]))).toBe(
      "EEXIST",
    );
    tables.apply([remove("vpc_of_endpoint", old), add("vpc_of_endpoint", next)]);
    expect(tables.list("vpc_of_endpoint")).toEqual([next]);
  });

  test("5,000 elements of several sets go in one batch, and none is lost", () => {
    const numbers = Array.from({ length: 2_500 }, (_, index) => index + 1);
    const changes = numbers.flatMap((number) => [
      add("opened", { key: [number] }),
      add("endpoint4", { key: [mark, "10.0.0.50", number], data: [number] }),
    ]);
    tables.apply(changes);
    const listed = tables.list("endpoint4").map(({ data }) => Number(data?.[0]));
    expect(listed.toSorted((one, other) => one - other)).toEqual(numbers);
    expect([...tables.countersOf("opened", numbers).keys()]).toEqual(numbers);
    tables.apply(changes.map((change) => ({ ...change, verb: "remove" })));
    expect([tables.list("endpoint4"), tables.list("opened")]).toEqual([[], []]);
  });

  test("it is found out whether somebody else has changed a table", () => {
    tables.noteGeneration();
    const changes = [add("opened", { key: [1] })];
    tables.apply(changes);
    expect(() => tables.apply(changes)).toThrow("EEXIST");
    tables.apply([remove("opened", { key: [1] })]);
    expect(tables.areUntouched).toBe(true);
    namespace.run("nft add table inet another");
    expect(tables.areUntouched).toBe(false);
    namespace.run("nft delete table inet another");
  });

  test("counters say what the kernel counted", () => {
    const counted = `table inet ${tableName} { chain count { type filter hook output priority 0; meta mark set 7 meta mark @opened; }; }`;
    tables.apply([add("opened", { key: [7] }), add("opened", { key: [8] })]);
    namespace.run("nft -f -", counted);
    namespace.run("ping -c 3 -i 0.002 -s 100 127.0.0.1");
    const counters = tables.countersOf("opened", [6, 7, 8, 9]);
    // Three questions and three answers of 100 bytes with their headers.
    expect([...counters]).toEqual([
      [7, { packets: 6, bytes: 6 * 128 }],
      [8, { packets: 0, bytes: 0 }],
    ]);
    expect(tables.list("opened")).toContainEqual({ key: [7], counter: { packets: 6, bytes: 6 * 128 } });
  });
});
