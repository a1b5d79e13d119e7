import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testDirectory } from "../lib/test-directory.ts";
import { consoleRoutes } from "./console-files.ts";
import { startTestServer } from "./test-server.ts";

/** A built console, in a directory whose own name must not matter. */
async function start(isBuilt = true) {
  const root = join(testDirectory(), "assets", "dist");
  mkdirSync(join(root, "assets"), { recursive: true });
  writeFileSync(join(root, "..", "secret.txt"), "secret");
  if (isBuilt) writeFileSync(join(root, "index.html"), "<title>Postern</title>");
  writeFileSync(join(root, "assets", "main-1a2b.js"), "run()");
  writeFileSync(join(root, "assets", "main-1a2b.js.br"), "compressed");
  const server = await startTestServer(consoleRoutes(root));
  return (url: string, headers: Record<string, string> = {}) => server.inject({ url, headers });
}

test("the page is there under the address of every view", async () => {
  const ask = await start();
  for (const url of ["/console", "/console/", "/console/clusters/1/connections?sort=ip"]) {
    const { status, headers, text } = await ask(url);
    expect([status, text]).toEqual([200, "<title>Postern</title>"]);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-cache");
  }
});

test("every answer says that nothing but the console's own files runs", async () => {
  const ask = await start();
  for (const url of ["/console", "/console/x", "/console/assets/main-1a2b.js"]) {
    const { headers } = await ask(url);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers["x-content-type-options"]).toBe("nosniff");
  }
});

test("assets are kept for a year, and go out compressed to who takes that", async () => {
  const ask = await start();
  const plain = await ask("/console/assets/main-1a2b.js");
  expect([plain.text, plain.headers["cache-control"]]).toEqual([
    "run()",
    "public, max-age=31536000, immutable",
  ]);
  const compressed = await ask("/console/assets/main-1a2b.js", { "accept-encoding": "br" });
  expect([compressed.text, compressed.headers["content-encoding"]]).toEqual(["compressed", "br"]);
});

test("an asset of another build is not there: the page in its place would not run", async () => {
  const ask = await start();
  const { status, text } = await ask("/console/assets/main-0000.js");
  expect([status, text.includes("<title>")]).toEqual([404, false]);
});

test.each(["/console/../secret.txt", "/console/..%2fsecret.txt", "/console/%2e%2e/secret.txt"])(
  "%s does not lead out",
  async (url) => {
    const { text } = await (await start())(url);
    expect(text).not.toContain("secret\n");
    expect(text).not.toBe("secret");
  },
);

test("where it was never built, a visitor is told how to", async () => {
  const ask = await start(false);
  for (const url of ["/console", "/console/clusters"]) {
    const { status, text } = await ask(url);
    expect([status, text]).toEqual([503, "The console has not been built. Run: npm run console\n"]);
  }
});
