import { expect, test } from "vitest";
import { PosternError } from "../../domain/errors.ts";
import { nodeUrl, parseNodeAddresses } from "./node-address.ts";

test.each([
  ["http://10.0.0.5:9200", "http://10.0.0.5:9200"],
  ["http://10.0.0.5", "http://10.0.0.5:80"],
  ["https://node.example/", "https://node.example:443"],
  ["HTTP://Node.Example:9200", "http://node.example:9200"],
  ["http://[fd00::5]:9200", "http://[fd00::5]:9200"],
])("%s is the node %s", (text, url) => {
  const { scheme, nodes } = parseNodeAddresses([text]);
  expect(nodes.map((node) => nodeUrl(scheme, node))).toEqual([url]);
});

test("each node gets an id of its own", () => {
  const { nodes } = parseNodeAddresses(["http://a:1", "http://a:2", "http://b:1"]);
  expect(nodes.map(({ host, port }) => [host, port])).toEqual([
    ["a", 1],
    ["a", 2],
    ["b", 1],
  ]);
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(3);
});

test.each([
  [[], /at least one/],
  [["10.0.0.5:9200"], /no node URL/],
  [["ftp://10.0.0.5"], /no node URL/],
  [["http://"], /no node URL/],
  [["http://10.0.0.5:99999"], /no node URL/],
  [["http://user:pw@10.0.0.5:9200"], /credentials/],
  [["http://user@10.0.0.5:9200"], /credentials/],
  [["http://10.0.0.5:9200/path"], /end after the port/],
  [["http://10.0.0.5:9200/?q"], /end after the port/],
  [["http://10.0.0.5:9200/#f"], /end after the port/],
  [["http://a:1", "https://b:1"], /all use http or all use https/],
  [["http://a:1", "http://A:1/"], /named twice/],
  [["http://a", "http://a:80"], /named twice/],
])("%j are no nodes", (urls, reason) => {
  expect(() => parseNodeAddresses(urls)).toThrow(PosternError);
  expect(() => parseNodeAddresses(urls)).toThrow(reason);
});

test("a refused URL with a password does not show it", () => {
  expect(() => parseNodeAddresses(["http://user:hunter2@10.0.0.5:9200"])).toThrow(/^(?!.*hunter2)/);
});
