/** `npm run console:types`: writes the types that the console has of the API. */
import { writeFileSync } from "node:fs";
import { consoleTypes, consoleTypesFile } from "./console-types.ts";

writeFileSync(consoleTypesFile, await consoleTypes());
