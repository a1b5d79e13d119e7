import { Type as TypeBox } from "typebox";
import { expect, test } from "vitest";
import { Type } from "./type-builder.ts";

/** One schema that has everything, by either builder. */
function everything(build: typeof Type) {
  const text = build.String({ minLength: 1, pattern: "^a", title: "Text" });
  return build.Object(
    {
      flag: build.Boolean(),
      maybe: build.Optional(build.Union([text, build.Null()])),
      count: build.Optional(build.Integer({ minimum: 0 })),
      rate: build.Number({ maximum: 2.5 }),
      list: build.Array(build.Object({ only: build.Optional(text) }), { maxItems: 3 }),
      yes: build.Literal(true),
      word: build.Literal("word", { description: "A word." }),
      any: build.Unknown(),
      own: build.Unsafe<"a" | "b">({ type: "string", enum: ["a", "b"] }),
    },
    { additionalProperties: false },
  );
}

test("the schemas are those of TypeBox, to the letter", () => {
  expect(JSON.stringify(everything(Type))).toBe(JSON.stringify(everything(TypeBox)));
});

test("schemas of either builder fit into each other", () => {
  expect(Type.Object({ maybe: TypeBox.Optional(TypeBox.String()), text: TypeBox.String() }).required).toEqual(
    ["text"],
  );
  expect(TypeBox.Object({ maybe: Type.Optional(Type.String()), text: Type.String() }).required).toEqual([
    "text",
  ]);
});

test("what is made optional is itself as before", () => {
  const text = Type.String();
  Type.Optional(text);
  expect(Type.Object({ text }).required).toEqual(["text"]);
});
