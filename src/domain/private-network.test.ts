import { expect, test } from "vitest";
import { parseIpv4Prefix } from "../lib/ipv4.ts";
import { isPrivateNetwork } from "./private-network.ts";

test.each([
  ["10.0.0.0/8", true],
  ["172.31.255.0/24", true],
  ["192.168.0.122/32", true],
  ["100.127.0.0/16", true],
  ["8.0.0.0/6", false],
  ["172.32.0.0/24", false],
  ["100.128.0.0/24", false],
  ["127.9.0.0/24", false],
])("%s: %s", (cidr, expected) => {
  const prefix = parseIpv4Prefix(cidr);
  if (!prefix) throw new TypeError(cidr);
  expect(isPrivateNetwork(prefix)).toBe(expected);
});
