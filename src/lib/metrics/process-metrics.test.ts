import { expect, test } from "vitest";
import { ProcessMetrics } from "./process-metrics.ts";
import { samplesOf, textOf } from "./test-samples.ts";

test("a process tells its memory, processor time, and how late its event loop is", async () => {
  const metrics = new ProcessMetrics();
  await metrics.load();
  const samples = samplesOf(await textOf(() => metrics.slices()));
  const present = [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "nodejs_eventloop_lag_p99_seconds",
  ];
  for (const name of present) expect(Number(samples[name])).toBeGreaterThanOrEqual(0);
  expect(Number(samples["process_open_fds"] ?? 1)).toBeGreaterThan(0);
});

test("no gauge calls itself a counter, and nothing counts the sockets one by one", async () => {
  const metrics = new ProcessMetrics();
  const samples = samplesOf(await textOf(() => metrics.slices()));
  const wrong = Object.entries(samples).filter(
    ([name, type]) => name.startsWith("# TYPE") && name.endsWith("_total") !== (type === "counter"),
  );
  expect(wrong).toEqual([]);
  expect(Object.keys(samples).filter((name) => name.includes("nodejs_active"))).toEqual([]);
});
