import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PosternError } from "../domain/errors.ts";
import { flag, readFlag, stringEnum } from "./schema.ts";
import { checker } from "./validation.ts";
import { Type } from "./type-builder.ts";

const body = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 4, pattern: "^[a-z]*$" }),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
  kind: Type.Optional(stringEnum(["a", "b"])),
  on: Type.Optional(flag),
  list: Type.Optional(Type.Array(Type.String({ maxLength: 2 }), { maxItems: 2 })),
  inner: Type.Optional(Type.Object({ deep: Type.String() })),
});
const check = checker(body, "body");

function refused(value: unknown): { kind: string; message: string } {
  try {
    check(value);
  } catch (error) {
    if (error instanceof PosternError) return { kind: error.kind, message: error.message };
    throw error;
  }
  throw new Error(`${JSON.stringify(value)} was taken`);
}

test("a good body comes back as it is", () => {
  const value = { name: "abc", size: 9, kind: "b", on: "true", list: ["x"], inner: { deep: "" }, more: 1 };
  expect(check(value)).toBe(value);
});

describe("a bad body is refused with the parameter and what it may be", () => {
  test.each([
    [{}, "missing_parameter", "The body lacks name."],
    [{ name: "a", inner: {} }, "missing_parameter", "The body lacks deep in inner."],
    [{ name: "" }, "out_of_range", "The body name must be text of 1 to 4 characters matching ^[a-z]*$."],
    [{ name: "abcde" }, "out_of_range", "The body name must be text of 1 to 4 characters matching ^[a-z]*$."],
    [{ name: "A" }, "bad_parameter", "The body name must be text of 1 to 4 characters matching ^[a-z]*$."],
    [{ name: 7 }, "bad_parameter", "The body name must be text of 1 to 4 characters matching ^[a-z]*$."],
    [{ name: "a", size: 0 }, "out_of_range", "The body size must be an integer from 1 to 9."],
    [{ name: "a", size: 10 }, "out_of_range", "The body size must be an integer from 1 to 9."],
    [{ name: "a", size: "5" }, "bad_parameter", "The body size must be an integer from 1 to 9."],
    [{ name: "a", size: 1.5 }, "bad_parameter", "The body size must be an integer from 1 to 9."],
    [{ name: "a", kind: "c" }, "out_of_range", "The body kind must be one of a, b."],
    [{ name: "a", on: "yes" }, "bad_parameter", "The body on must be true or false or one of true, false."],
    [{ name: "a", list: ["x", "y", "z"] }, "out_of_range", /list must be a list of up to 2 items/],
    [{ name: "a", list: ["xyz"] }, "out_of_range", /^The body list.0 must be text of 0 to 2/],
    [{ name: "a", inner: { deep: 1 } }, "bad_parameter", /^The body inner.deep must be text/],
    [null, "bad_parameter", "The body must be a JSON object."],
    ["x", "bad_parameter", "The body must be a JSON object."],
    [[], "bad_parameter", "The body must be a JSON object."],
  ])("%j", (value, kind, message) => {
    const { kind: seen, message: text } = refused(value);
    expect(seen).toBe(kind);
    expect(text).toMatch(message);
  });
});

test("an empty body where something is to be changed is told what could be", () => {
  const properties = { name: Type.Optional(Type.String()), size: Type.Optional(Type.Integer()) };
  const checkChange = checker(Type.Object(properties, { minProperties: 1 }), "body");
  expect(() => checkChange({})).toThrow("The body is empty. Give at least one of name, size.");
});

describe("a query carries text", () => {
  const page = checker(
    Type.Object({ n: Type.Optional(Type.Integer({ minimum: -5, maximum: 1000 })) }),
    "query parameter",
  );

  test("whose plain decimal digits become the number, and whose other texts are refused", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -5, max: 1000 }).map(String), fc.string()), (n) => {
        const isNumber = /^-?\d{1,15}$/.test(n) && Number(n) >= -5 && Number(n) <= 1000;
        const read = (): unknown => page({ n });
        const outcome = isNumber ? { n: Number(n) } : "out_of_range";
        let seen: unknown;
        try {
          seen = read();
        } catch (error) {
          seen = (error as PosternError).kind;
        }
        expect(seen).toEqual(outcome);
      }),
    );
  });

  test("leaves the request's own object alone", () => {
    const query = { n: "7" };
    expect(page(query)).toEqual({ n: 7 });
    expect(query).toEqual({ n: "7" });
  });
});

test.each([
  [[true], true],
  [["true"], true],
  [[false], false],
  [["false"], false],
  [[undefined, "true"], true],
  [[false, true], false],
  [[], false],
  [[undefined], false],
] as const)("the spellings %j of a flag say %s", (spellings, expected) => {
  expect(readFlag(...spellings)).toBe(expected);
});
