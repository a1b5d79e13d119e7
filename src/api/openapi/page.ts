import type { Operation } from "../operation.ts";

/**
 * Returns the browsable page: one file without scripts, so that the strictest content security policy allows it.
 * Every operation has an anchor under its id.
 */
export function openApiPage(operations: readonly Operation[], version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Postern ${escape(version)} API</title>
<style>${style}</style>
</head>
<body>
<h1>Postern ${escape(version)} API</h1>
<p>The same as <a href="/openapi.json">OpenAPI 3.1</a>. Every request carries <code>X-Auth-Token</code>, or a signature with an
access key.</p>
${operations.map(section).join("\n")}
</body>
</html>
`;
}

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
details { border-top: 1px solid #8886; padding: .5rem 0; }
summary { cursor: pointer; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid #8886; }
b { display: inline-block; min-width: 4.5rem; }
`;

function section(operation: Operation): string {
  const { query, body } = operation.schemas;
  return `<details id="${escape(operation.id)}">
<summary><b>${operation.method}</b> <code>${escape(operation.path.replaceAll(/:(\w+)/g, "{$1}"))}</code></summary>
<p>${escape(operation.id)}; access rule <code>${escape(operation.action)}</code></p>
${query ? `<p>Query</p>${schemaOf(query)}` : ""}${body ? `<p>Body</p>${schemaOf(body)}` : ""}
</details>`;
}

function schemaOf(schema: object): string {
  return `<pre>${escape(JSON.stringify(schema, null, 2))}</pre>`;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
