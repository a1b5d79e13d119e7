import type { Session, SessionPage } from "../wire.ts";
import { endpointColumns, sessionColumns, type Column } from "./columns.ts";
import type { Key } from "./keys.ts";
import { addSample, rowsOf, type EndpointRow, type Sample } from "./sample.ts";

/** By which column a table is sorted. */
export interface Sorting {
  /** From 0. */
  readonly column: number;
  readonly isReversed: boolean;
}

/** One of the two tables. */
interface Table {
  readonly sorting: Sorting;
  /** Only rows that have this text somewhere. */
  readonly filter: string;
  /** Id of the row that the cursor is on. */
  readonly selected: string | undefined;
}

/** All that the screen shows. */
export interface TopState {
  /** What is looked at, for people. */
  readonly subject: string;
  readonly samples: readonly Sample[];
  /** Why what is shown is old, and since when (milliseconds since the epoch). */
  readonly stale: { readonly reason: string; readonly since: number } | undefined;
  readonly endpoints: Table;
  readonly sessions: Table;
  /** The endpoint whose sessions are shown; undefined while endpoints are. */
  readonly opened: string | undefined;
  /** Its sessions, once they are there. */
  readonly page: SessionPage | undefined;
  readonly isTyping: boolean;
  /** The session that is about to be ended, if somebody says yes. */
  readonly doomed: string | undefined;
  readonly notice: string;
}

/** What is to be done outside. */
export type Effect =
  | { readonly kind: "quit" }
  | { readonly kind: "refresh" }
  | { readonly kind: "kill"; readonly endpoint: string; readonly session: string };

export interface Step {
  readonly state: TopState;
  readonly effect?: Effect;
}

const longestFilter = 64;
const unsorted = { filter: "", selected: undefined };

/** @param subject what is looked at, for people */
export function startState(subject: string): TopState {
  return {
    subject,
    samples: [],
    stale: undefined,
    // Sessions, and age.
    endpoints: { sorting: { column: 3, isReversed: false }, ...unsorted },
    sessions: { sorting: { column: 3, isReversed: true }, ...unsorted },
    opened: undefined,
    page: undefined,
    isTyping: false,
    doomed: undefined,
    notice: "",
  };
}

export function endpointsLoaded(state: TopState, sample: Sample): TopState {
  return { ...state, samples: addSample(state.samples, sample), stale: undefined };
}

/** Sessions of an endpoint that is not looked at any more are of no use. */
export function sessionsLoaded(state: TopState, endpoint: string, page: SessionPage): TopState {
  return state.opened === endpoint ? { ...state, page } : state;
}

/** What is shown stays, and is old from the first failure on. @param now milliseconds since the epoch */
export function loadFailed(state: TopState, reason: string, now: number): TopState {
  return { ...state, stale: { reason, since: state.stale?.since ?? now } };
}

export function visibleEndpoints(state: TopState): readonly EndpointRow[] {
  return shown(rowsOf(state.samples), endpointColumns, state.endpoints);
}

export function visibleSessions(state: TopState): readonly Session[] {
  return shown(state.page?.sessions ?? [], sessionColumns, state.sessions);
}

/** In which order the server is to give sessions, so that it leaves out the right ones. */
export function orderOf({ sessions: { sorting } }: TopState): "age" | "bytes" | "idle" | "source" {
  return (["source", "age", "age", "age", "idle", "bytes", "bytes"] as const)[sorting.column] ?? "age";
}

/** Where the cursor is, from 0. */
export function cursorOf(ids: readonly string[], selected: string | undefined): number {
  return Math.max(0, ids.indexOf(selected ?? ""));
}

/** Does what a key means. @param pageRows rows that fit on the screen */
export function press(state: TopState, key: Key, pageRows: number): Step {
  if (key === "interrupt") return { state, effect: { kind: "quit" } };
  if (state.doomed !== undefined) return answer(state, key);
  const before = state.notice === "" ? state : { ...state, notice: "" };
  if (state.isTyping) return { state: type(before, key) };
  const digit = /^[1-9]$/.test(key) ? Number(key) : 0;
  if (digit > 0) return sortBy(before, digit - 1);
  return command(before, key, pageRows);
}

function command(state: TopState, key: Key, pageRows: number): Step {
  const isOpen = state.opened !== undefined;
  switch (key) {
    case "q":
      return { state, effect: { kind: "quit" } };
    case "/":
      return { state: withTable({ ...state, isTyping: true }, { filter: "" }) };
    case "enter":
    case "s":
      return isOpen ? { state } : open(state);
    case "escape":
    case "backspace":
      return { state: back(state) };
    case "k":
      return { state: isOpen ? doom(state) : { ...state, notice: "Open an endpoint first: Enter" } };
    default:
      return { state: move(state, key, pageRows) };
  }
}

/** The table that is looked at. */
export function tableOf(state: TopState): Table {
  return state.opened === undefined ? state.endpoints : state.sessions;
}

function withTable(state: TopState, change: Partial<Table>): TopState {
  const name = state.opened === undefined ? "endpoints" : "sessions";
  return { ...state, [name]: { ...state[name], ...change } };
}

function idsOf(state: TopState): readonly string[] {
  return state.opened === undefined
    ? visibleEndpoints(state).map(({ endpoint }) => endpoint.id)
    : visibleSessions(state).map(({ id }) => id);
}

function selectedOf(state: TopState): string | undefined {
  const ids = idsOf(state);
  return ids[cursorOf(ids, tableOf(state).selected)];
}

function open(state: TopState): Step {
  const opened = selectedOf(state);
  if (opened === undefined) return { state };
  const sessions = { ...state.sessions, filter: "", selected: undefined };
  return { state: { ...state, opened, sessions, page: undefined }, effect: { kind: "refresh" } };
}

function back(state: TopState): TopState {
  if (tableOf(state).filter !== "") return withTable(state, { filter: "" });
  return { ...state, opened: undefined, page: undefined };
}

function doom(state: TopState): TopState {
  const doomed = selectedOf(state);
  return doomed === undefined ? { ...state, notice: "There is no session to end." } : { ...state, doomed };
}

function answer(state: TopState, key: Key): Step {
  const { doomed: session, opened: endpoint, ...rest } = state;
  const spared = { ...rest, opened: endpoint, doomed: undefined };
  if (key !== "y" && key !== "Y") return { state: { ...spared, notice: "Nothing was ended." } };
  if (session === undefined || endpoint === undefined) return { state: spared };
  return {
    state: { ...spared, notice: `Ending ${session} ...` },
    effect: { kind: "kill", endpoint, session },
  };
}

function type(state: TopState, key: Key): TopState {
  const { filter } = tableOf(state);
  if (key === "enter") return { ...state, isTyping: false };
  if (key === "escape") return withTable({ ...state, isTyping: false }, { filter: "" });
  if (key === "backspace") return withTable(state, { filter: filter.slice(0, -1) });
  const isCharacter = Array.from(key).length === 1 && filter.length < longestFilter;
  return isCharacter ? withTable(state, { filter: filter + key }) : state;
}

function sortBy(state: TopState, column: number): Step {
  const columns: readonly unknown[] = state.opened === undefined ? endpointColumns : sessionColumns;
  if (column >= columns.length) return { state };
  const { sorting } = tableOf(state);
  const isReversed = sorting.column === column && !sorting.isReversed;
  const sorted = withTable(state, { sorting: { column, isReversed } });
  return state.opened === undefined ? { state: sorted } : { state: sorted, effect: { kind: "refresh" } };
}

function move(state: TopState, key: Key, pageRows: number): TopState {
  const ids = idsOf(state);
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    down: 1,
    pageUp: -pageRows,
    pageDown: pageRows,
    home: -ids.length,
    end: ids.length,
  };
  const step = steps[key];
  if (step === undefined) return state;
  const to = cursorOf(ids, tableOf(state).selected) + step;
  return withTable(state, { selected: ids[Math.min(Math.max(0, to), ids.length - 1)] });
}

function shown<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { sorting, filter }: Table,
): readonly Row[] {
  const wanted = filter.toLowerCase();
  const matches = (row: Row): boolean => columns.some(({ text }) => text(row).toLowerCase().includes(wanted));
  const column = columns[sorting.column];
  const kept = wanted === "" ? rows : rows.filter(matches);
  if (!column) return kept;
  const sorted = kept.toSorted((one, other) => compare(column.key(one), column.key(other)));
  return sorting.isReversed ? sorted.toReversed() : sorted;
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === "number" && typeof other === "number") return other - one;
  return String(one).localeCompare(String(other), "en", { numeric: true });
}
