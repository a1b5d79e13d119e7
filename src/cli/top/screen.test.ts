import { expect, test } from "vitest";
import { encode, pageRowsOf, screenOf } from "./screen.ts";
import { endpointsLoaded, loadFailed, press, sessionsLoaded, startState, type TopState } from "./state.ts";
import { anEndpoint, aSession } from "./test-endpoint.ts";

const size = { columns: 100, rows: 8 };
const wide = { columns: 200, rows: 8 };
const before = anEndpoint(2, { sessions: 50 });
const now = { ...before, new_sessions: 3, bytes_in: 1_500, refusals: { session_cap: 7 } };
const loaded = [
  { at: 0, endpoints: [anEndpoint(1), before] },
  { at: 1_000, endpoints: [anEndpoint(1), now] },
].reduce(endpointsLoaded, startState("cluster logs"));

const pressed = (state: TopState, ...keys: readonly string[]): TopState =>
  keys.reduce((one, key) => press(one, key, 4).state, state);
const texts = (state: TopState, screen = size) => screenOf(state, screen).map(({ text }) => text.trimEnd());

test("endpoints with their figures, the cursor on the first", () => {
  expect(texts(loaded)).toEqual([
    "postern top  cluster logs  2 endpoints, 51 sessions",
    "",
    "ENDPOINT  ADDRESS        STATUS    SESSIONS▼        NEW/S  IN/S  OUT/S  REFUSED/S",
    "22222222  10.0.0.2:9200  accepted  ████···· 50/100  3      1.5k  0      session_cap 7",
    "11111111  10.0.0.1:9200  accepted  ▏······· 1/100   0      0     0      0",
    "",
    "",
    "↑↓ move  Enter sessions  1-8 sort  / filter  q quit",
  ]);
  const looks = screenOf(loaded, size).map(({ look }) => look);
  expect(looks).toEqual(["plain", "plain", "head", "cursor", "plain", "plain", "plain", "plain"]);
  expect(texts(loaded, wide)[3]).toContain(now.id);
});

test("sessions of one, and the question before one is ended", () => {
  const opened = pressed(loaded, "enter");
  expect(texts(opened)[0]).toBe(`postern top  endpoint ${now.id}  loading ...`);
  const page = { sessions: [aSession(7)], total_count: 30, returned_count: 1, gateways_missing: 1 };
  const filled = sessionsLoaded(opened, now.id, page);
  expect(texts(filled).slice(0, 4)).toEqual([
    `postern top  endpoint ${now.id}  1 of 30 sessions, 1 gateways silent`,
    "",
    "SESSION              NODE           STATE        AGE▲  IDLE  BYTES IN  BYTES OUT",
    "10.0.0.7:40000-9200  10.9.0.1:9200  established  7s    0s    7k        0",
  ]);
  expect(screenOf(pressed(filled, "k"), size).at(-1)).toMatchObject({
    text: expect.stringContaining("End session 10.0.0.7:40000-9200? [y/N]"),
    look: "warning",
  });
});

test("it says since when it is stale, and what is filtered for", () => {
  const line = screenOf(loadFailed(loaded, "connection refused", Date.UTC(2026, 0, 2)), size)[1];
  expect(line).toMatchObject({ look: "warning" });
  expect(line?.text).toMatch(/^stale since \d\d:\d\d:\d\d: connection refused/);
  expect(texts(pressed(loaded, "/", "1", "1"))[1]).toBe("filter: 11_");
  expect(texts(pressed(loaded, "/", "1", "enter"))[1]).toBe("filter: 1");
});

test("it fits every screen, and rows around the cursor are on it", () => {
  const endpoints = Array.from({ length: 60 }, (_, n) => anEndpoint(1, { id: `e${n}`, sessions: 60 - n }));
  const many = endpointsLoaded(startState("cluster logs"), { at: 0, endpoints });
  for (const screen of [
    size,
    wide,
    { columns: 20, rows: 5 },
    { columns: 1, rows: 1 },
    { columns: 300, rows: 90 },
  ]) {
    const lines = screenOf(pressed(many, "end"), screen);
    expect(lines).toHaveLength(screen.rows);
    for (const { text } of lines) expect(Array.from(text).length).toBeLessThanOrEqual(screen.columns);
  }
  const cursor = screenOf(pressed(many, "end"), size).find(({ look }) => look === "cursor");
  expect(cursor?.text).toMatch(/^e59/);
  expect(pageRowsOf(size)).toBe(4);
});

test("what comes from elsewhere cannot move the cursor", () => {
  const odd = anEndpoint(1, { status: "\u001B[2Jgone" });
  const state = endpointsLoaded(startState("x\u001B[H"), { at: 0, endpoints: [odd] });
  expect(screenOf(state, size).some(({ text }) => text.includes("\u001B"))).toBe(false);
  expect(encode([{ text: "a", look: "cursor" }])).toBe("\u001B[H\u001B[7ma\u001B[0m\u001B[K\u001B[J");
});
