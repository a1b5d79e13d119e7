import { expect, test } from "vitest";
import { actionPattern, isAllowed, type Role } from "./roles.ts";

test.each([
  ["administrator", [], "css:VPCEndpoint:enableOrDisable", true],
  ["reader", [], "css:VPCEndpoint:listConnection", true],
  ["reader", [], "vpcep:endpoints:get", true],
  ["reader", [], "css:VPCEndpoint:updateWhitelist", false],
  ["reader", [], "postern:target:set", false],
  ["reader", ["css:VPCEndpoint:updateWhitelist"], "css:VPCEndpoint:updateWhitelist", true],
  ["custom", [], "css:cluster:list", false],
  ["custom", ["css:cluster:list"], "css:cluster:list", true],
  ["custom", ["css:cluster:list"], "css:cluster:listAll", false],
  ["custom", ["css:cluster:*"], "css:cluster:delete", true],
  ["custom", ["css:*"], "css:cluster:delete", true],
  ["custom", ["css:*"], "cssx:cluster:delete", false],
  ["custom", ["css:cluster:*"], "css:clusters:delete", false],
] as const)("%s with %j doing %s: %s", (role: Role, actions, action, expected) => {
  expect(isAllowed({ role, actions }, action)).toBe(expected);
});

test.each([
  ["css:*", true],
  ["css:cluster:*", true],
  ["css:cluster:list", true],
  ["*", false],
  ["css", false],
  ["css:clu*", false],
  ["css:cluster:li*", false],
])("an entry %s: %s", (entry, expected) => expect(new RegExp(actionPattern).test(entry)).toBe(expected));
