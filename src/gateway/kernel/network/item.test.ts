import { expect, test } from "vitest";
import { difference, itemText, type Item } from "./item.ts";
import { canonical, lastHost, localRule, routing } from "./routing.ts";

const network = {
  number: 33,
  device: "eth1",
  cidrs: ["10.0.0.0/24", "fd00::/64"],
  addresses: ["10.0.0.5", "fd00::5"],
};
const kernels = [localRule(4, 0), localRule(6, 0)];

function text(actual: readonly Item[], wished: readonly Item[]): readonly string[] {
  return difference(actual, wished).map(({ verb, item }) => `${verb} ${itemText(item)}`);
}

test("a network comes with its routes first, then rules from the last to the first, then the kernel's own rule goes", () => {
  const changes = text(kernels, routing([network]));
  expect(changes.slice(0, 7)).toEqual([
    "add -4 route 10.0.0.0/24 dev eth1 table 10033",
    "add -6 route fd00::/64 dev eth1 table 10033",
    "add -4 route local 10.0.0.5/32 dev lo table 10033",
    "add -6 route local fd00::5/128 dev lo table 10033",
    "add -6 neigh proxy fd00::5 dev eth1",
    "add -4 route 10.0.0.0/24 dev eth1 table 9999",
    "add -6 route fd00::/64 dev eth1 table 9999",
  ]);
  const ofV4 = changes.slice(7).filter((change) => change.includes("-4 "));
  expect(ofV4).toEqual([
    ...[
      "32800 lookup 9999",
      "101 fwmark 0x50440000/0xfffe0000 unreachable",
      "100 lookup 255",
      "21 fwmark 0x50440021/0xfffeffff lookup 10033",
      "11 fwmark 0x50440001/0xfffe001f goto 21",
      "10 not fwmark 0x50440000/0xfffe0000 goto 100",
    ].map((rule) => `add -4 rule pref ${rule}`),
    "delete -4 rule pref 0 lookup 255",
  ]);
  expect(changes.slice(7).filter((change) => change.includes("-6 "))).toEqual(
    ofV4.map((change) => change.replace("-4", "-6")),
  );
});

test("the same wish is no change, whatever the order", () => {
  const wished = routing([network, { ...network, number: 1, device: "eth2" }]);
  expect(text(wished.toReversed(), wished)).toEqual([]);
});

test("a network of another group needs its own routes, a group and one rule each family", () => {
  const before = routing([network]);
  const after = routing([network, { number: 2, device: "eth2", cidrs: ["10.0.0.0/24"], addresses: [] }]);
  expect(text(before, after)).toEqual([
    "add -4 route 10.0.0.0/24 dev eth2 table 10002",
    "add -4 rule pref 22 fwmark 0x50440002/0xfffeffff lookup 10002",
    "add -6 rule pref 22 fwmark 0x50440002/0xfffeffff lookup 10002",
    "add -4 rule pref 11 fwmark 0x50440002/0xfffe001f goto 22",
    "add -6 rule pref 11 fwmark 0x50440002/0xfffe001f goto 22",
  ]);
});

test("an address that is no longer wished is answered for no more", () => {
  expect(text(routing([network]), routing([{ ...network, addresses: ["10.0.0.5"] }]))).toEqual([
    "delete -6 route local fd00::5/128 dev lo table 10033",
    "delete -6 neigh proxy fd00::5 dev eth1",
  ]);
});

test("no packet meets more than 32 groups and a 32nd of the networks", () => {
  const networks = Array.from({ length: 1_000 }, (_, at) => ({ ...network, number: at + 1 }));
  const rules = routing(networks).filter((item) => item.kind === "rule" && item.family === 4);
  const byPreference = Map.groupBy(rules, (item) => (item.kind === "rule" ? item.preference : 0));
  const sizes = [...byPreference.values()].map(({ length }) => length);
  expect(Math.max(...sizes)).toBe(32);
});

test.each([
  ["10.0.0.0/24", "10.0.0.254/24"],
  ["10.0.0.0/31", "10.0.0.1/31"],
  ["10.0.0.7/32", "10.0.0.7/32"],
  ["fd00::/64", "fd00::ffff:ffff:ffff:fffe/64"],
])("the last host of %s is %s", (cidr, address) => {
  expect(lastHost(cidr, () => false)).toBe(address);
});

test("an address in use is passed over, and a full network has none", () => {
  expect(lastHost("10.0.0.0/30", (address) => address === "10.0.0.2")).toBe("10.0.0.1/30");
  expect(lastHost("10.0.0.0/30", () => true)).toBeUndefined();
});

test("addresses and CIDRs have one form", () => {
  expect(canonical("FD00:0::5")).toEqual({ family: 6, text: "fd00::5/128" });
  expect(canonical("10.0.0.0/8")).toEqual({ family: 4, text: "10.0.0.0/8" });
});
