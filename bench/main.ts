/** npm run bench [-- proxy|gateway|api|audit|dns|events|metrics] [--json]: Postern beside what else could do the work. */
import process from "node:process";
import { parseArgs } from "node:util";
import { benchApi } from "./api/bench.ts";
import { benchAudit } from "./audit/bench.ts";
import { benchDns } from "./dns/bench.ts";
import { benchEvents } from "./events/bench.ts";
import { benchKernel } from "./kernel/bench.ts";
import { benchMetrics } from "./metrics/bench.ts";
import { benchProxy } from "./proxy/bench.ts";
import { formatTable } from "./result.ts";
import type { Bench, BenchResult } from "./result.ts";

/** A new bench is a file that exports a `Bench`, and a line here. */
const benches: ReadonlyMap<string, Bench> = new Map([
  ["proxy", benchProxy],
  ["gateway", benchKernel],
  ["api", benchApi],
  ["audit", benchAudit],
  ["dns", benchDns],
  ["events", benchEvents],
  ["metrics", benchMetrics],
]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false } },
});
const unknown = positionals.filter((name) => !benches.has(name));
if (unknown.length > 0) {
  const known = [...benches.keys()].join(", ");
  console.error(`There is no bench "${unknown.join(" ")}". Say one of: ${known}, or nothing for all.`);
  process.exit(2);
}

const results: [string, BenchResult][] = [];
for (const name of positionals.length > 0 ? positionals : benches.keys()) {
  const bench = benches.get(name);
  if (bench === undefined) continue;
  const result = await bench((sentence) => console.error(`${name}: ${sentence}`));
  for (const table of result.tables) console.log(`\n${formatTable(table)}`);
  for (const note of result.notes) console.log(`\n${note}`);
  results.push([name, result]);
}

if (values.json) {
  const merged = {
    ratios: Object.assign({}, ...results.map(([, result]) => result.ratios)) as Record<string, number>,
    ms: Object.assign({}, ...results.map(([, result]) => result.ms)) as Record<string, number>,
    bytes: Object.assign({}, ...results.map(([, result]) => result.bytes)) as Record<string, number>,
  };
  console.log(JSON.stringify({ benches: results.map(([name]) => name), ...merged }));
}
