import { expect, test } from "vitest";
import { clustersOf, findingOf } from "./probe-words.ts";

const url = "https://10.0.0.5:9200";
const failed = (detail: string) => findingOf({ url, answered: false, detail }, false);
const said = (more: object, hasUser = false) =>
  findingOf({ url, answered: true, detail: "HTTP 200", ...more }, hasUser);

test.each([
  ["ECONNREFUSED", "Nothing listens there"],
  ["ENOTFOUND", "no such name"],
  ["timeout after 2000 ms", "does not answer"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "CA certificate"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CA certificate"],
  ["CERT_HAS_EXPIRED", "expired"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "another name"],
  ["EPROTO", "http://"],
  ["ECONNRESET", "https://"],
])("%s is told in plain words, and as it is", (detail, words) => {
  const { type, text } = failed(detail);
  expect(type).toBe("error");
  expect(text).toContain(words);
  expect(text).toContain(`(${detail})`);
});

test("what nobody has words for is told as it is", () => {
  expect(failed("EWHATEVER")).toEqual({ type: "error", text: "EWHATEVER" });
});

test("a node that says what it is, is well", () => {
  const known = { engine: "opensearch", version: "2.19.0", name: "node-1" };
  expect(said(known)).toEqual({ type: "success", text: "node-1: opensearch 2.19.0" });
  expect(said({ ...known, name: undefined })).toEqual({ type: "success", text: "opensearch 2.19.0" });
});

test("a node that wants a user is a mistake where one was given", () => {
  expect(said({ detail: "HTTP 401" })).toMatchObject({ type: "warning" });
  expect(said({ detail: "HTTP 401" }, true)).toMatchObject({ type: "error" });
  expect(said({ detail: "HTTP 503" }, true)).toMatchObject({ type: "warning" });
  expect(said({})).toMatchObject({ type: "warning" });
});

const node = (n: number, uuid?: string) => ({
  url: `http://10.0.0.${n}:9200`,
  answered: true,
  detail: "HTTP 200",
  ...(uuid === undefined ? {} : { cluster_uuid: uuid, cluster_name: "logs" }),
});

test("nodes are told apart by their cluster's id; who has none yet is in none", () => {
  expect(clustersOf([node(1, "a"), node(2, "b"), node(3, "a"), node(4)])).toEqual([
    { name: "logs", urls: ["http://10.0.0.1:9200", "http://10.0.0.3:9200"] },
    { name: "logs", urls: ["http://10.0.0.2:9200"] },
  ]);
  expect(clustersOf([node(1)])).toEqual([]);
});
