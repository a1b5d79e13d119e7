/** `npm run console`: builds the web console into console/dist, with compressed copies beside what is worth it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "vite";

const root = join(import.meta.dirname, "../console");
const leastBytes = 1_024;

await build({ configFile: join(root, "vite.config.ts"), logLevel: "warn" });
const dist = join(root, "dist");
let scriptBytes = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (!entry.isFile() || !/\.(?:js|css|html|svg)$/.test(path)) continue;
  const bytes = readFileSync(path);
  if (bytes.length < leastBytes) continue;
  const compressed = gzipSync(bytes, { level: 9 });
  writeFileSync(`${path}.gz`, compressed);
  writeFileSync(`${path}.br`, brotliCompressSync(bytes));
  if (path.endsWith(".js")) scriptBytes += compressed.length;
}
process.stdout.write(`The console is built: ${Math.round(scriptBytes / 1_000)} kB of script, compressed.\n`);
