import { compareText } from "../../lib/compare-text.ts";
import type { Operation } from "../operation.ts";

/** Returns `docs/coverage.md`: what of the wire is served, from the table of operations. */
export function coveragePage(operations: readonly Operation[]): string {
  const rows = operations
    .toSorted((a, b) => compareText(keyOf(a), keyOf(b)))
    .map((operation) => {
      const parameters = [...names(operation.schemas.query), ...names(operation.schemas.body)];
      const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
      return `| ${familyOf(operation)} | ${operation.id} | ${operation.method} \`${path}\` | ${parameters.join(", ") || "–"} |`;
    });
  return `# Coverage

Made by \`npm run coverage\` from the table of operations; a test fails when it is stale. Parameters that are not listed
are accepted and have no effect: what they describe (machines, payment, backups) Postern does not make.

| family | operation | call | parameters that have an effect |
|---|---|---|---|
${rows.join("\n")}
`;
}

function familyOf({ path, protocol = "css" }: Operation): string {
  return path.startsWith("/postern/") ? "postern" : protocol;
}

function keyOf(operation: Operation): string {
  return `${familyOf(operation)} ${operation.path} ${operation.method}`;
}

/** Names of the properties, those of objects in it with their path. */
function names(schema: unknown, prefix = ""): string[] {
  const properties = (schema as { properties?: Record<string, unknown> } | undefined)?.properties ?? {};
  return Object.entries(properties).flatMap(([name, inner]) => {
    const deeper = names(inner, `${prefix}${name}.`);
    return deeper.length > 0 ? deeper : [`\`${prefix}${name}\``];
  });
}
