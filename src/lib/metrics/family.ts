import { setImmediate } from "node:timers/promises";

/** One line of every row. */
export interface Series<Row> {
  /** Follows the family's name; histograms have these. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
  /** Name and value of a label that this line has beside its row's. */
  readonly label?: readonly [name: string, value: string];
  readonly value: (row: Row) => number;
}

/** A metric: one name, the same lines for every row. */
export interface Family<Row> {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly series: readonly Series<Row>[];
}

/** Label names and values, in the order in which they are written. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** Families about the same things. */
export interface Table<Row> {
  readonly families: readonly Family<Row>[];
  /** What the lines are about, at this moment. */
  readonly rows: () => readonly Row[] | Promise<readonly Row[]>;
  readonly labels: (row: Row) => Labels;
}

/** Text of an exposition, in pieces between which everybody else has his turn. */
export type Slices = () => AsyncGenerator<string, void>;

/** Written between two turns of the event loop: a fraction of a millisecond. */
const linesASlice = 300;

/**
 * Returns a writer of Prometheus' text format, version 0.0.4. A client library renders a family at one go, which
 * stops a process for seconds where there are ten thousand endpoints with a dozen lines each.
 */
export function slices<Row>(table: Table<Row>): Slices {
  return async function* write() {
    const rows = await table.rows();
    const labelled: string[] = [];
    for (let from = 0; from < rows.length; from += linesASlice) {
      for (const row of rows.slice(from, from + linesASlice)) labelled.push(labelText(table.labels(row)));
      await setImmediate();
    }
    for (const family of table.families) yield* writeFamily(family, rows, labelled);
  };
}

async function* writeFamily<Row>(
  { name, help, type, series }: Family<Row>,
  rows: readonly Row[],
  labelled: readonly string[],
): AsyncGenerator<string, void> {
  const lines = series.map(({ suffix = "", label, value }) => ({
    head: name + suffix,
    own: label ? labelText([label]) : "",
    value,
  }));
  const rowsASlice = Math.max(1, Math.floor(linesASlice / lines.length));
  let text = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  for (const [index, row] of rows.entries()) {
    const labels = labelled[index] ?? "";
    for (const { head, own, value } of lines) text += lineOf(head, labels, own, value(row));
    if ((index + 1) % rowsASlice !== 0) continue;
    yield text;
    text = "";
    await setImmediate();
  }
  yield text;
}

function lineOf(head: string, labels: string, own: string, value: number): string {
  if (labels === "" && own === "") return `${head} ${numberText(value)}\n`;
  const separator = labels === "" || own === "" ? "" : ",";
  return `${head}{${labels}${separator}${own}} ${numberText(value)}\n`;
}

function labelText(labels: Labels): string {
  return labels.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(",");
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

const special = /["\\\n]/;

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeValue(text: string): string {
  // Ids are nearly all that there is, and there are very many of them.
  if (!special.test(text)) return text;
  return escapeHelp(text).replaceAll('"', '\\"');
}
