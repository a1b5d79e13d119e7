import { printable } from "./output.ts";

/** What a cell may hold; a missing or empty value is shown as "-". */
export type Cell = string | number | null | undefined;

const gap = "  ";

/**
 * Returns a table with left-aligned columns and no borders, without a newline at the end.
 * A row that is shorter than the titles is filled up with "-".
 */
export function renderTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [titles.map(String), ...rows.map((row) => titles.map((_, column) => cellText(row[column])))];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ""))));
  return lines
    .map((line) =>
      line
        .map((cell, column) => pad(cell, widths[column] ?? 0))
        .join(gap)
        .trimEnd(),
    )
    .join("\n");
}

/** Returns labelled values, one a line, the values aligned. */
export function renderFields(fields: readonly (readonly [label: string, value: Cell])[]): string {
  const labelWidth = Math.max(...fields.map(([label]) => width(label)));
  return fields.map(([label, value]) => `${pad(label, labelWidth)}${gap}${cellText(value)}`).join("\n");
}

function cellText(value: Cell): string {
  const text = printable(String(value ?? ""));
  return text === "" ? "-" : text;
}

/** Characters, not UTF-16 units. */
export function width(text: string): number {
  return Array.from(text).length;
}

/** Fills text up with blanks. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}
