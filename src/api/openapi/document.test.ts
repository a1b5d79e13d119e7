import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { operations } from "../operations.ts";
import { startTestServer } from "../test-server.ts";
import { coveragePage } from "./coverage.ts";
import { openApiDocument } from "./document.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Described>>;
}

interface Described {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Record<string, { readonly schema: object }>;
  };
  readonly security: readonly object[];
}

const document = openApiDocument(operations, "1.2.3") as Document;

test("every operation of the table is described once, with its path parameters", () => {
  const described = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(described.map(({ operationId }) => operationId).toSorted()).toEqual(
    operations
      .filter(({ host }) => !host)
      .map(({ id }) => id)
      .toSorted(),
  );
  for (const [path, methods] of Object.entries(document.paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters } of Object.values(methods)) {
      expect(parameters.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(inPath);
    }
  }
});

test("what is described is what validates", () => {
  const path = "/v1.0/{project_id}/clusters/{cluster_id}/vpcepservice/connections";
  const limit = document.paths[path]?.["get"]?.parameters.find(({ name }) => name === "limit");
  expect(limit).toEqual({
    name: "limit",
    in: "query",
    required: false,
    schema: expect.objectContaining({ minimum: 1, maximum: 1000 }),
  });
  const update = operations.find(({ id }) => id === "UpdateVpcepConnection");
  const body = document.paths[path]?.["post"]?.requestBody;
  expect(body?.required).toBe(true);
  expect(body?.content["application/json"]?.schema).toBe(update?.schemas.body);
});

test("it is served to everybody, and to browsers as a page", async () => {
  const server = await startTestServer();
  const answer = await server.app.inject({ url: "/openapi.json" });
  expect([answer.statusCode, answer.headers["content-type"]]).toEqual([
    200,
    "application/json; charset=utf-8",
  ]);
  expect(Object.keys(answer.json<Document>().paths)).toEqual(Object.keys(document.paths));
  const page = await server.app.inject({ url: "/docs" });
  expect([page.statusCode, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  for (const { id } of operations) expect(page.body).toContain(`id="${id}"`);
});

test("docs/coverage.md is what the table says; else run npm run coverage", () => {
  const committed = readFileSync(new URL("../../../docs/coverage.md", import.meta.url), "utf8");
  expect(committed).toBe(coveragePage(operations));
});
