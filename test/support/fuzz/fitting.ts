import * as fc from "fast-check";
import type { DescribedOperation, JsonSchema, Parameter } from "./description.ts";
import { kindOf } from "./known-values.ts";

/** Long texts and lists that fit are the matter of the hostile values: here they would only slow things down. */
const usualMost = 4;
const usualLength = 40;

/**
 * JSON values that a schema describes. Where keys name something that exists, most of them are placeholders for it.
 * @param trail keys and path parts that lead to the value, outermost first
 */
export function fitting(schema: JsonSchema, trail: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => fitting(one, trail)));
  switch (schema.type) {
    case "object":
      return fittingObject(schema, trail);
    case "array":
      return fc.array(fitting(schema.items ?? {}, trail), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? usualMost, Math.max(usualMost, schema.minItems ?? 0)),
      });
    case "integer":
      return fittingInteger(schema);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "string":
    case undefined:
    default:
      return fittingText(schema, trail);
  }
}

function fittingObject(schema: JsonSchema, trail: readonly string[]): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema;
  const optional = Object.keys(properties).length - required.length;
  const entries = Object.entries(properties).map(([key, one]) => {
    const entry = fitting(one, [...trail, key]).map((value) => [[key, value]] as const);
    return required.includes(key) ? entry : seldom(optional, entry);
  });
  return fc.tuple(...entries).map((all): unknown => Object.fromEntries(all.flat()));
}

/** Of what is not required one or two are there mostly: many together are seldom allowed, and none does nothing. */
function seldom<Item>(count: number, entry: fc.Arbitrary<readonly Item[]>): fc.Arbitrary<readonly Item[]> {
  const weight = Math.max(1, count - 1);
  return fc.oneof({ weight, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: entry });
}

function fittingInteger({ minimum = -1_000, maximum = 1_000_000 }: JsonSchema): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(minimum, maximum), fc.integer({ min: minimum, max: maximum }));
}

function fittingText(schema: JsonSchema, trail: readonly string[]): fc.Arbitrary<string> {
  const { pattern, minLength = 0 } = schema;
  // What a pattern asks for may be longer than other texts are: cut, it would never fit.
  const maxLength = schema.maxLength ?? (pattern === undefined ? usualLength : Number.POSITIVE_INFINITY);
  const most = Math.min(maxLength, usualLength);
  if (trail.includes("identity")) {
    const what = trail.at(-2) === "domain" ? "account" : trail.at(-1);
    return fc.constant(`{{own_${what}:0}}`);
  }
  if (trail.at(-2) === "session") {
    const what = trail.at(-1);
    return fc.constant(`{{own_${what === "user" ? "name" : what}:0}}`);
  }
  const free =
    pattern === undefined
      ? fc.string({ minLength, maxLength: most, unit: "grapheme" }).filter((text) => text.length <= maxLength)
      : fc
          .stringMatching(new RegExp(pattern))
          .map((text) => text.slice(0, maxLength))
          .filter((text) => text.length >= minLength && new RegExp(pattern).test(text));
  const address = fc.tuple(fc.nat(255), fc.nat(255)).map(([c, d]) => `127.77.${c}.${d}`);
  const key = trail.at(-1) ?? "";
  if (/^(ip|port_ip|source)$/.test(key)) return fc.oneof(address, free);
  if (key === "cidr")
    return fc.oneof(
      fc.integer({ min: 8, max: 30 }).map((n) => `127.77.0.0/${n}`),
      free,
    );
  if (/permissions?$/i.test(key))
    return fc.oneof(known("account"), known("own_account_id"), fc.constant("*"), free);
  if (key === "url") return fc.oneof(known("receiver"), free);
  if (key === "name" && trail.at(-2) === "cluster") return fc.oneof(known("registered"), free);
  const kind = kindOf(trail.slice(-3));
  // A word that only happens to stand below a known noun, like a description, may be anything.
  const isName =
    kind !== undefined &&
    pattern === undefined &&
    (/id$|^id|^service$|^endpoint$|_name$|list|endpoints|nodes/i.test(key) || kind === "key");
  return isName ? fc.oneof({ weight: 9, arbitrary: known(kind) }, { weight: 1, arbitrary: free }) : free;
}

/** A placeholder for something that exists, most likely what is newest: the older are gone more often. */
export function known(kind: string, newest = 0): fc.Arbitrary<string> {
  const index = fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(11) });
  return index.map((age) => `{{${kind}:${newest + age}}}`);
}

/** A path of the operation with a value in each parameter, without the query. */
export function fittingPath(operation: DescribedOperation): fc.Arbitrary<string> {
  const parts = operation.path.split("/");
  const segments = parts.map((part, index) => {
    const name = /^\{(.*)\}$/.exec(part)?.[1];
    if (name === undefined) return fc.constant(part);
    if (name === "project_id") return fc.constant("{{own_project:0}}");
    const schema = operation.parameters.find((one) => one.in === "path" && one.name === name)?.schema;
    if (schema?.enum) return fc.constantFrom(...schema.enum.map(String));
    const kind = kindOf([parts[index - 1] ?? "", name]);
    // What is deleted is not the newest, so that the other operations find something.
    return known(kind ?? "cluster", operation.method === "DELETE" ? 2 : 0);
  });
  return fc.tuple(...segments).map((all) => all.join("/"));
}

/** A query string with its question mark, or nothing. */
export function fittingQuery(operation: DescribedOperation): fc.Arbitrary<string> {
  const parameters = operation.parameters.filter((one) => one.in === "query");
  const optional = parameters.filter(({ required }) => !required).length;
  const each = parameters.map((one) => {
    const part = queryPart(one).map((text) => [text]);
    return one.required ? part : seldom(optional, part);
  });
  return fc.tuple(...each).map((parts) => {
    const given = parts.flat();
    return given.length > 0 ? `?${given.join("&")}` : "";
  });
}

function queryPart({ name, schema }: Parameter): fc.Arbitrary<string> {
  return fitting(schema, [name]).map((value) => {
    const text = String(value);
    return `${name}=${text.startsWith("{{") ? text : encodeURIComponent(text.toWellFormed())}`;
  });
}
