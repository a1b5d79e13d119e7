import { Client } from "@opensearch-project/opensearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoDocuments } from "../documents.ts";
import { deleteIndex, indexDocuments, searchThrough } from "../search.ts";
import { identifyNode } from "./identity.ts";
import { startStandIn } from "./stand-in.ts";

let node: Awaited<ReturnType<typeof startStandIn>>;
beforeAll(async () => {
  node = await startStandIn();
});
afterAll(() => node.stop());

test("gives itself away as a stand-in", async () => {
  expect(await identifyNode(node.url)).toMatchObject({ engine: "opensearch", standIn: true });
});

test("indexes and finds the demo's documents for the official client", async () => {
  expect(await indexDocuments(node.url, "demo")).toBe(300);
  const { hits, best } = await searchThrough(node.url, "demo");
  const withWord = demoDocuments().filter(({ body }) => /\b(gate|castle)\b/i.test(body));
  expect(hits).toBe(withWord.length);
  expect(withWord.map(({ title }) => title)).toContain(best);
});

test("pages, counts and gives a document by its id", async () => {
  const client = new Client({ node: node.url });
  await client.index({ index: "pages", id: "1", body: { text: "one gate" } });
  await client.index({ index: "pages", id: "2", body: { text: "gate gate" } });
  const query = { match: { text: "gate" } };
  const page = await client.search({ index: "pages", body: { query, from: 1, size: 1 } });
  expect(page.body.hits).toMatchObject({ total: { value: 2 }, hits: [{ _id: "1" }] });
  expect((await client.count({ index: "pages", body: { query } })).body.count).toBe(2);
  expect((await client.get({ index: "pages", id: "2" })).body._source).toEqual({ text: "gate gate" });
  await client.close();
});

test.each([
  ["an index that is not there", "/nothing/_search", "", 404, "index_not_found_exception"],
  ["a query it does not know", "/demo/_search", '{"query":{"fuzzy":{}}}', 400, "parsing_exception"],
  ["a body that is no JSON", "/demo/_search", "{", 400, "parse_exception"],
  ["a body that is no object", "/demo/_search", "[1]", 400, "parse_exception"],
  ["a body that is too large", "/demo/_search", " ".repeat(10_000_001), 413, "content_too_long_exception"],
])("answers %s as OpenSearch would", async (_name, path, body, status, type) => {
  const answer = await fetch(node.url + path, { method: "POST", body });
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(type);
});

test("forgets an index that is deleted", async () => {
  await indexDocuments(node.url, "short-lived");
  await deleteIndex(node.url, "short-lived");
  await expect(searchThrough(node.url, "short-lived")).rejects.toThrow("index_not_found_exception");
});
