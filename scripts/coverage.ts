/** `npm run coverage`: writes docs/coverage.md from the table of operations. */
import { writeFileSync } from "node:fs";
import { coveragePage } from "../src/api/openapi/coverage.ts";
import { operations } from "../src/api/operations.ts";

writeFileSync(new URL("../docs/coverage.md", import.meta.url), coveragePage(operations));
