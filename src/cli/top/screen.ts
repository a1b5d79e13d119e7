import { printable } from "../output.ts";
import { pad, width } from "../table.ts";
import type { ScreenSize } from "../terminal.ts";
import { endpointColumns, sessionColumns, type Column } from "./columns.ts";
import {
  cursorOf,
  tableOf,
  visibleEndpoints,
  visibleSessions,
  type Sorting,
  type TopState,
} from "./state.ts";

/** One line of the screen. */
export interface Line {
  readonly text: string;
  /** `head` and `cursor` stand out. */
  readonly look: "plain" | "head" | "cursor" | "warning";
}

/** Lines that are not rows: title, state, head, and the keys. */
const otherLines = 4;
const shortIdLength = 8;
const gap = "  ";
const keys = {
  endpoints: "↑↓ move  Enter sessions  1-8 sort  / filter  q quit",
  sessions: "↑↓ move  k kill  1-7 sort  / filter  Esc back  q quit",
} as const;

/** Returns how many rows of a table fit. */
export function pageRowsOf({ rows }: ScreenSize): number {
  return Math.max(1, rows - otherLines);
}

/** Returns the whole screen: as many lines as it has, none longer than it is wide. */
export function screenOf(state: TopState, size: ScreenSize): readonly Line[] {
  const isOpen = state.opened !== undefined;
  const table = isOpen ? sessionTable(state, size) : endpointTable(state, size);
  const lines: Line[] = [
    { text: titleOf(state), look: "plain" },
    stateLine(state),
    ...table,
    ...Array.from({ length: Math.max(0, size.rows - table.length - 3) }, (): Line => ({
      text: "",
      look: "plain",
    })),
    footer(state, isOpen ? keys.sessions : keys.endpoints),
  ];
  return lines
    .slice(0, size.rows)
    .map(({ text, look }) => ({ text: cut(printable(text), size.columns, look === "plain"), look }));
}

/** Returns the lines as a terminal wants them, in place of what it shows. */
export function encode(lines: readonly Line[]): string {
  const looks = { plain: "", head: "\u001B[1m", cursor: "\u001B[7m", warning: "\u001B[1;31m" } as const;
  const rows = lines.map(({ text, look }) => `${looks[look]}${text}\u001B[0m\u001B[K`);
  return `\u001B[H${rows.join("\r\n")}\u001B[J`;
}

function titleOf(state: TopState): string {
  const endpoints = state.samples.at(-1)?.endpoints ?? [];
  const sessions = endpoints.reduce((sum, one) => sum + one.sessions, 0);
  const counts = `${endpoints.length} endpoints, ${sessions} sessions`;
  if (state.opened === undefined) return `postern top  ${state.subject}  ${counts}`;
  const { page } = state;
  const listed = page
    ? `${page.returned_count} of ${page.total_count} sessions`
    : state.stale
      ? "no sessions yet"
      : "loading ...";
  const missing = page?.gateways_missing ?? 0;
  return `postern top  endpoint ${state.opened}  ${listed}${missing > 0 ? `, ${missing} gateways silent` : ""}`;
}

function stateLine(state: TopState): Line {
  const { stale, isTyping } = state;
  const { filter } = tableOf(state);
  if (stale) {
    const since = new Date(stale.since).toTimeString().slice(0, 8);
    return { text: `stale since ${since}: ${stale.reason}`, look: "warning" };
  }
  if (isTyping) return { text: `filter: ${filter}_`, look: "plain" };
  return { text: filter === "" ? "" : `filter: ${filter}`, look: "plain" };
}

function footer({ doomed, notice }: TopState, help: string): Line {
  if (doomed !== undefined) return { text: `End session ${doomed}? [y/N]`, look: "warning" };
  return { text: notice === "" ? help : notice, look: "plain" };
}

function endpointTable(state: TopState, size: ScreenSize): readonly Line[] {
  const rows = visibleEndpoints(state);
  const cursor = cursorOf(
    rows.map(({ endpoint }) => endpoint.id),
    state.endpoints.selected,
  );
  // On a narrow screen the figures matter more than whole ids.
  const isNarrow = size.columns < 130;
  const columns = endpointColumns.map((column, index) =>
    isNarrow && index === 0
      ? { ...column, text: (row: (typeof rows)[number]) => row.endpoint.id.slice(0, shortIdLength) }
      : column,
  );
  return tableLines(columns, rows, state.endpoints.sorting, cursor, size);
}

function sessionTable(state: TopState, size: ScreenSize): readonly Line[] {
  const rows = visibleSessions(state);
  const cursor = cursorOf(
    rows.map(({ id }) => id),
    state.sessions.selected,
  );
  return tableLines(sessionColumns, rows, state.sessions.sorting, cursor, size);
}

/** The head, and the rows around the cursor. */
function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { column: sorted, isReversed }: Sorting,
  cursor: number,
  size: ScreenSize,
): readonly Line[] {
  const fitting = pageRowsOf(size);
  const first = Math.max(0, Math.min(cursor - Math.floor(fitting / 2), rows.length - fitting));
  const page = rows.slice(first, first + fitting);
  const mark = isReversed ? "▲" : "▼";
  const titles = columns.map(({ title }, index) => (index === sorted ? `${title}${mark}` : title));
  const cells = page.map((row) => columns.map(({ text }) => text(row)));
  const widths = titles.map((title, index) =>
    Math.max(title.length, ...cells.map((row) => width(row[index] ?? ""))),
  );
  const joined = (row: readonly string[]): string =>
    row.map((cell, index) => pad(cell, widths[index] ?? 0)).join(gap);
  return [
    { text: joined(titles), look: "head" },
    ...cells.map((row, index): Line => ({
      text: joined(row),
      look: first + index === cursor ? "cursor" : "plain",
    })),
  ];
}

/** Cuts a line to the screen's width; one that stands out does so over the whole width. */
function cut(text: string, columns: number, isPlain: boolean): string {
  const whole = Array.from(text).slice(0, columns).join("");
  return isPlain ? whole.trimEnd() : pad(whole, columns);
}
