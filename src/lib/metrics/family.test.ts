import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { slices, type Table } from "./family.ts";
import { DurationHistogram, durationFamily } from "./histogram.ts";
import { buildInfo, plainFamily, processTable } from "./plain-families.ts";
import { samplesOf, textOf } from "./test-samples.ts";

interface Row {
  readonly name: string;
  readonly inside: number;
  readonly outside: number;
  readonly durations: DurationHistogram;
}

const hostile = ["plain", 'quo"te', "back\\slash", "new\nline", "} 1", "", "Ω"];
const times = [0, 0.4, 1, 1.0001, 2.5, 70, 10_000, 10_001, 3_600_000];

function rowOf(name: string, index: number): Row {
  const durations = new DurationHistogram();
  for (const ms of times.slice(index)) durations.observe(ms);
  return { name, inside: index * 1e20, outside: -0.25 * index, durations };
}

const help = "Back\\slashes and\nlines.";

function tableOf(rows: readonly Row[]): Table<Row> {
  return {
    families: [
      {
        name: "rooms_total",
        help,
        type: "counter",
        series: [{ label: ["side", "in"], value: ({ inside }) => inside }],
      },
      { name: "outside", help: "One.", type: "gauge", series: [{ value: ({ outside }) => outside }] },
      durationFamily("wait_seconds", "Waits.", ({ durations }) => durations),
    ],
    rows: () => rows,
    labels: ({ name }) => [
      ["name", name],
      ["other", "x"],
    ],
  };
}

/** What the client library makes of the same. */
async function asTheLibraryWrites(rows: readonly Row[]): Promise<string> {
  const registry = new Registry();
  const common = { registers: [registry], labelNames: ["name", "other"] };
  const rooms = new Counter({ ...common, name: "rooms_total", help, labelNames: ["name", "other", "side"] });
  const outside = new Gauge({ ...common, name: "outside", help: "One." });
  const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
  const waits = new Histogram({ ...common, name: "wait_seconds", help: "Waits.", buckets });
  for (const [index, row] of rows.entries()) {
    const labels = { name: row.name, other: "x" };
    rooms.inc({ ...labels, side: "in" }, row.inside);
    outside.set(labels, row.outside);
    for (const ms of times.slice(index)) waits.observe(labels, ms / 1_000);
  }
  return registry.metrics();
}

test("what is written in slices is what the client library writes", async () => {
  const rows = hostile.map(rowOf);
  expect(samplesOf(await textOf(slices(tableOf(rows))))).toEqual(samplesOf(await asTheLibraryWrites(rows)));
});

test("families of a process have no braces, and infinity is written as the format has it", async () => {
  const families = [
    plainFamily("gauge", "high", "High.", () => Infinity),
    plainFamily("gauge", "low", "Low.", () => -Infinity),
  ];
  const text = await textOf(slices(processTable(families)), slices(buildInfo("1.2.3")));
  expect(text.split("\n").filter((line) => !line.startsWith("#"))).toEqual([
    "high +Inf",
    "low -Inf",
    'postern_build_info{version="1.2.3"} 1',
    "",
  ]);
});

test("a table without rows has its families' heads: a name that is looked for is there", async () => {
  expect(samplesOf(await textOf(slices(tableOf([]))))).toEqual({
    "# HELP rooms_total": "Back\\\\slashes and\\nlines.",
    "# TYPE rooms_total": "counter",
    "# HELP outside": "One.",
    "# TYPE outside": "gauge",
    "# HELP wait_seconds": "Waits.",
    "# TYPE wait_seconds": "histogram",
  });
});

test("everybody else has his turn while very many lines are written, and none is lost", async () => {
  const count = 5_000;
  const durations = new DurationHistogram();
  const rows = Array.from({ length: count }, (_, n) => ({ name: `n${n}`, inside: n, outside: n, durations }));
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const samples = samplesOf(await textOf(slices(tableOf(rows))));
  isOver = true;
  const lines = count * (1 + 1 + 16);
  expect(Object.keys(samples)).toHaveLength(lines + 6);
  expect(turns).toBeGreaterThan(lines / 1_000);
});
