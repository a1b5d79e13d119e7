import type { FastifyInstance } from "fastify";
import type { Operation } from "../operation.ts";
import { openApiDocument } from "./document.ts";
import { openApiPage } from "./page.ts";

/** The description of the API, for everybody: it says nothing about this installation but its version. */
export function openApiRoutes(app: FastifyInstance, operations: readonly Operation[], version: string): void {
  let document: string | undefined;
  let page: string | undefined;
  app.get("/openapi.json", (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(operations, version));
    void reply.header("content-type", "application/json; charset=utf-8").send(document);
  });
  app.get("/docs", (_request, reply) => {
    page ??= openApiPage(operations, version);
    void reply
      .header("content-type", "text/html; charset=utf-8")
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .send(page);
  });
}
