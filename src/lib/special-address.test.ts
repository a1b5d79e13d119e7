import { expect, test } from "vitest";
import { AddressSet, plainAddress, specialPurpose } from "./special-address.ts";

test.each([
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["0.0.0.0", "unspecified"],
  ["0.1.2.3", "unspecified"],
  ["10.0.0.5", "private"],
  ["100.64.0.1", "private"],
  ["100.127.255.255", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["169.254.169.254", "link-local"],
  ["192.0.0.1", "reserved"],
  ["192.0.2.1", "reserved"],
  ["192.88.99.1", "reserved"],
  ["198.18.0.1", "reserved"],
  ["198.51.100.1", "reserved"],
  ["203.0.113.1", "reserved"],
  ["224.0.0.1", "multicast"],
  ["239.255.255.255", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "reserved"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::2", "reserved"],
  ["fd00::1", "private"],
  ["fc00::1", "private"],
  ["fe80::1", "link-local"],
  ["fec0::1", "private"],
  ["ff02::1", "multicast"],
  ["100::1", "reserved"],
  ["4000::1", "reserved"],
  ["2001::1", "reserved"],
  ["2001:db8::1", "reserved"],
  ["2002:7f00:1::", "reserved"],
  ["3fff::1", "reserved"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:a00:5", "private"],
  ["::FFFF:169.254.169.254", "link-local"],
  ["64:ff9b::10.0.0.5", "private"],
  ["64:ff9b::7f00:1", "loopback"],
])("%s is %s", (text, purpose) => {
  const address = plainAddress(text);
  expect(address && specialPurpose(address)).toBe(purpose);
});

test.each(["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])(
  "%s is a host of the Internet",
  (text) => {
    const address = plainAddress(text);
    expect(address).toBeDefined();
    expect(address && specialPurpose(address)).toBeUndefined();
  },
);

test.each([
  "",
  "example.com",
  "127.1",
  "0x7f.0.0.1",
  "010.0.0.1",
  "fe80::1%eth0",
  "1.2.3.4/8",
  "::/0",
  "[::1]",
])("%s is no address", (text) => expect(plainAddress(text)).toBeUndefined());

test("a set has its addresses and those of its networks, of either family, and no others", () => {
  const set = new AddressSet(["10.0.0.0/8", "192.0.2.7", "fd00::/8", "2606::1", "nonsense"]);
  const has = (text: string): boolean => {
    const address = plainAddress(text);
    return address !== undefined && set.has(address);
  };
  expect(["10.255.0.1", "192.0.2.7", "fd12::1", "2606::1"].map(has)).toEqual([true, true, true, true]);
  expect(["11.0.0.1", "192.0.2.8", "fe00::1", "2606::2"].map(has)).toEqual([false, false, false, false]);
  expect(new AddressSet([]).has("10.0.0.1" as never)).toBe(false);
});
