import { figuresMessage, nodesMessage } from "../answers/live.ts";
import { planAnswer } from "../answers/service.ts";
import type { Protocol } from "../error-catalogue.ts";
import type { Operation } from "../operation.ts";
import { Components, type JsonSchema } from "./components.ts";

/**
 * Returns the description of the API in OpenAPI 3.1, from the table of operations: the schemas in it are the
 * objects that validate requests.
 */
export function openApiDocument(operations: readonly Operation[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  const components = new Components(errorSchemas);
  for (const schema of besides) components.refer(schema);
  for (const operation of operations) {
    // OpenAPI has one operation for a path and method; the page and the coverage list name the others too.
    if (operation.host) continue;
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation, components) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Postern",
      version,
      description: "VPC endpoint service for search clusters: the published cloud APIs, and Postern's own.",
    },
    paths,
    components: { securitySchemes, schemas: components.schemas },
  };
}

/** What answers may say besides what their operations do: rehearsed writes, and messages of the event stream. */
const besides = [planAnswer, figuresMessage, nodesMessage];

const securitySchemes = {
  token: { type: "apiKey", in: "header", name: "X-Auth-Token" },
  signature: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "SDK-HMAC-SHA256 or V11-HMAC-SHA256 over the request, with an access key.",
  },
};

const text: JsonSchema = { type: "string" };

const errorSchemas: Readonly<Record<string, JsonSchema>> = {
  css_error: objectOf({
    errCode: text,
    externalMessage: text,
    error_code: text,
    error_msg: text,
    request_id: text,
  }),
  vpcep_error: objectOf({ error_code: text, error_msg: text, request_id: text }),
  iam_error: objectOf({ error: objectOf({ code: { type: "integer" }, message: text, title: text }) }),
};

function describe(operation: Operation, components: Components): object {
  const { schemas, protocol = "css" } = operation;
  return {
    operationId: operation.id,
    tags: [tagOf(operation)],
    description: `Access rule: ${operation.action}`,
    security: operation.access === "public" ? [] : [{ token: [] }, { signature: [] }],
    parameters: [
      ...parameters("path", schemas.params as JsonSchema | undefined),
      ...parameters("query", schemas.query as JsonSchema | undefined),
    ],
    ...(schemas.body ? { requestBody: bodyOf(schemas.body as unknown as JsonSchema) } : {}),
    responses: {
      "2XX": { description: "Done.", ...contentOf(operation, components) },
      "4XX": {
        description: "Refused.",
        content: jsonOf({ $ref: `#/components/schemas/${errorName(protocol)}` }),
      },
    },
  };
}

function contentOf({ answers, schemas }: Operation, components: Components): object {
  if (answers !== undefined) return { content: { [answers]: {} } };
  return schemas.answer ? { content: jsonOf(components.refer(schemas.answer)) } : {};
}

function tagOf({ path, protocol = "css" }: Operation): string {
  return path.startsWith("/postern/") ? "postern" : protocol;
}

function errorName(protocol: Protocol): string {
  return `${protocol}_error`;
}

function parameters(place: "path" | "query", schema: JsonSchema | undefined): object[] {
  const properties = (schema?.["properties"] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (schema?.["required"] ?? []) as readonly string[];
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: one,
  }));
}

/** A body that may be empty is one that the schema lets be `{}`. */
function bodyOf(schema: JsonSchema): object {
  const required = (schema["required"] ?? []) as readonly string[];
  return { required: required.length > 0, content: jsonOf(schema) };
}

function jsonOf(schema: JsonSchema): object {
  return { "application/json": { schema } };
}

function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", properties };
}
