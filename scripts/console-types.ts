import { compile } from "json-schema-to-typescript";
import { openApiDocument } from "../src/api/openapi/document.ts";
import { operations } from "../src/api/operations.ts";

export const consoleTypesFile = new URL("../console/src/api/generated.ts", import.meta.url);

type Schema = Readonly<Record<string, unknown>>;

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Described {
  readonly operationId: string;
  readonly requestBody?: Content;
  readonly responses: { readonly "2XX": Content };
}

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/**
 * Returns the types that the console has of the API: every component of its description, and of each operation whose
 * answer is described the body and the answer, as `…Body` and `…Answer`, where they are no components themselves.
 */
export async function consoleTypes(): Promise<string> {
  // As it is served: what is no JSON is not in it.
  const document = JSON.parse(JSON.stringify(openApiDocument(operations, ""))) as Document;
  const { components } = document;
  const titled = Object.entries(components.schemas).filter(([, { title }]) => title !== undefined);
  const properties = Object.fromEntries([
    ...titled.map(([name]) => [name, { $ref: `#/components/schemas/${name}` }] as const),
    ...Object.values(document.paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(partsOf),
  ]);
  const root = { title: "ApiTypes", type: "object", required: Object.keys(properties), properties };
  return compile({ ...root, components } as Parameters<typeof compile>[0], "ApiTypes", {
    additionalProperties: false,
    bannerComment: "/* Made by `npm run console:types` from the description of the API. */",
    ignoreMinAndMaxItems: true,
  });
}

function partsOf({ operationId, requestBody, responses }: Described): readonly (readonly [string, Schema])[] {
  const [answer, body] = [schemaOf(responses["2XX"]), schemaOf(requestBody)];
  if (!answer) return [];
  return [
    ...(body ? [named(`${operationId}Body`, body)] : []),
    ...("$ref" in answer ? [] : [named(`${operationId}Answer`, answer)]),
  ];
}

function named(title: string, schema: Schema): readonly [string, Schema] {
  return [title, { ...schema, title }];
}

function schemaOf(part: Content | undefined): Schema | undefined {
  return part?.content?.["application/json"]?.schema;
}
