import { expect, test } from "vitest";
import { keysOf } from "./keys.ts";

test.each([
  ["\u001B[A\u001BOB", ["up", "down"]],
  ["\r\n", ["enter", "enter"]],
  ["\u001B", ["escape"]],
  ["k/é10", ["k", "/", "é", "1", "0"]],
  ["\u0003", ["interrupt"]],
  ["\u001B[5~\u001B[6~", ["pageUp", "pageDown"]],
  ["\u007F\u0001\u001B[200~", ["backspace"]],
])("%j is %j", (text, keys) => {
  expect(keysOf(text)).toEqual(keys);
});
