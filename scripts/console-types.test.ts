import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { consoleTypes, consoleTypesFile } from "./console-types.ts";

test("the console's types are what the API says of itself; else run npm run console:types", async () => {
  expect(readFileSync(consoleTypesFile, "utf8")).toBe(await consoleTypes());
});
