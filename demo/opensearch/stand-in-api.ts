import { randomUUID } from "node:crypto";
import { standInBuildType } from "./identity.ts";
import { isObject, StandInIndex, UnknownQueryError } from "./stand-in-index.ts";
import type { Source } from "./stand-in-index.ts";

export type Answer = { readonly status: number; readonly body: unknown };
export type Request = {
  readonly method: string;
  readonly parts: readonly string[];
  readonly url: URL;
  readonly text: string;
};
export type Indices = Map<string, StandInIndex>;

export const standInVersion = "2.19.0";
const maxIndices = 100;

const greeting = {
  name: "stand-in",
  cluster_name: "postern-demo",
  cluster_uuid: "stand-in",
  version: { distribution: "opensearch", number: standInVersion, build_type: standInBuildType },
  tagline: "A small stand-in of Postern's demo, not OpenSearch",
};
const health = {
  cluster_name: "postern-demo",
  status: "green",
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1,
};
const shards = { total: 1, successful: 1, skipped: 0, failed: 0 };

/** An error in the form of OpenSearch. */
export function failure(status: number, type: string, reason: string): Answer {
  const cause = { type, reason };
  return { status, body: { error: { root_cause: [cause], ...cause }, status } };
}

function parseObject(text: string): Source {
  const value: unknown = text.trim() === "" ? {} : JSON.parse(text);
  if (!isObject(value)) throw new SyntaxError("no object");
  return value;
}

function openIndex(indices: Indices, name: string): StandInIndex {
  const existing = indices.get(name);
  if (existing) return existing;
  if (indices.size >= maxIndices) throw new RangeError(`the stand-in holds at most ${maxIndices} indices`);
  const created = new StandInIndex(name);
  indices.set(name, created);
  return created;
}

function bulk(indices: Indices, text: string, defaultIndex: string | undefined): Answer {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const items: unknown[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [action, meta] = Object.entries(parseObject(lines[at] ?? ""))[0] ?? [];
    const { _index = defaultIndex, _id = randomUUID() } = (meta ?? {}) as { _index?: string; _id?: string };
    if ((action !== "index" && action !== "create") || _index === undefined) {
      return failure(400, "illegal_argument_exception", `the stand-in's _bulk knows index and create`);
    }
    at += 1;
    const result = openIndex(indices, _index).put(_id, parseObject(lines[at] ?? ""));
    items.push({ [action]: { _index, _id, result, status: result === "created" ? 201 : 200 } });
  }
  return { status: 200, body: { took: 0, errors: false, items } };
}

function queryOf({ url, text }: Request): Source {
  const q = url.searchParams.get("q");
  return { ...parseObject(text), ...(q === null ? {} : { query: { query_string: { query: q } } }) };
}

function search(index: StandInIndex, request: Request): Answer {
  const body = queryOf(request);
  const number = (name: string, fallback: number): number => {
    const value = Number(request.url.searchParams.get(name) ?? body[name] ?? fallback);
    return Number.isInteger(value) && value >= 0 && value <= 10_000 ? value : fallback;
  };
  const found = index.search(body["query"]);
  const from = number("from", 0);
  const hits = found.slice(from, from + number("size", 10));
  const total = { value: found.length, relation: "eq" };
  const max_score = found[0]?._score ?? null;
  return {
    status: 200,
    body: { took: 0, timed_out: false, _shards: shards, hits: { total, max_score, hits } },
  };
}

function answerDocument(index: StandInIndex, { method, text }: Request, _index: string, _id: string): Answer {
  if (method === "PUT" || method === "POST") {
    const result = index.put(_id, parseObject(text));
    return { status: result === "created" ? 201 : 200, body: { _index, _id, result, _shards: shards } };
  }
  const _source = index.get(_id);
  if (method === "DELETE") index.delete(_id);
  const found = _source !== undefined;
  return { status: found ? 200 : 404, body: { _index, _id, found, ...(found ? { _source } : {}) } };
}

function answerIndex(indices: Indices, request: Request, name: string): Answer {
  const { method, parts } = request;
  const [, operation, id] = parts;
  if (operation === "_bulk") return bulk(indices, request.text, name);
  if (operation === "_doc" && method !== "GET" && method !== "DELETE") {
    return answerDocument(openIndex(indices, name), request, name, id ?? randomUUID());
  }
  if (operation === undefined && method === "PUT") {
    openIndex(indices, name);
    return { status: 200, body: { acknowledged: true, shards_acknowledged: true, index: name } };
  }
  const index = indices.get(name);
  if (!index) return failure(404, "index_not_found_exception", `no such index [${name}]`);
  if (operation === undefined && method === "DELETE") {
    return { status: 200, body: { acknowledged: indices.delete(name) } };
  }
  if (operation === undefined) return { status: 200, body: { [name]: {} } };
  if (operation === "_search") return search(index, request);
  if (operation === "_count") {
    return { status: 200, body: { count: index.search(queryOf(request)["query"]).length, _shards: shards } };
  }
  if (operation === "_refresh") return { status: 200, body: { _shards: shards } };
  if (operation === "_doc" && id !== undefined) return answerDocument(index, request, name, id);
  return failure(
    400,
    "illegal_argument_exception",
    `the stand-in does not know ${method} ${request.url.pathname}`,
  );
}

/** The part of the OpenSearch API that the demo needs: the indices are read and changed, nothing else happens. */
export function answer(indices: Indices, request: Request): Answer {
  const [first, second] = request.parts;
  try {
    if (first === undefined) return { status: 200, body: greeting };
    if (first === "_cluster" && second === "health") return { status: 200, body: health };
    if (first === "_bulk") return bulk(indices, request.text, undefined);
    if (first.startsWith("_")) {
      return failure(400, "illegal_argument_exception", `the stand-in does not know ${request.url.pathname}`);
    }
    return answerIndex(indices, request, first);
  } catch (error) {
    if (error instanceof UnknownQueryError) return failure(400, "parsing_exception", error.message);
    if (error instanceof SyntaxError) return failure(400, "parse_exception", "the body is no JSON object");
    if (error instanceof RangeError) return failure(429, "rejected_execution_exception", error.message);
    throw error;
  }
}
