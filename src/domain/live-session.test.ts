import { expect, test } from "vitest";
import { mergeSessions, parseSessionId, sessionId, type LiveSession } from "./live-session.ts";
import { endpointId } from "./test-fixtures.ts";

function session(host: string, wish: Partial<LiveSession> = {}): LiveSession {
  const rest = { clientPort: 9200, bytesIn: 0, bytesOut: 0, state: "established" } as const;
  return { endpointId, source: { host, port: 40_000 }, ...rest, ...wish };
}

test.each(["10.0.0.7:51234-9200", "[fd00:1::2]:1-65535"])("%s is read as it was written", (id) => {
  const key = parseSessionId(id);
  expect(key && sessionId(key)).toBe(id);
});

test.each([
  "",
  "10.0.0.7:51234",
  "10.0.0.7:0-9200",
  "10.0.0.7:1-65536",
  "10.0.0.777:1-9200",
  "fd00:1::2:1-9200",
  "[10.0.0.7]:1-9200",
  "[fd00::1%eth0]:1-9200",
  "10.0.0.7:1-9200 ",
])("%j is no id of a session", (text) => {
  expect(parseSessionId(text)).toBeUndefined();
});

const [first, second, third] = [
  session("10.0.0.9", { startedAt: 3, bytesIn: 5, bytesOut: 5, idleMs: 7 }),
  session("10.0.0.10", { startedAt: 1, bytesIn: 1, bytesOut: 20 }),
  session("10.0.0.11", { startedAt: 2, bytesIn: 0, bytesOut: 9, idleMs: 900 }),
];

test.each([
  ["age", [first, third, second]],
  ["bytes", [second, first, third]],
  ["idle", [third, first, second]],
  ["source", [first, second, third]],
] as const)("sessions of several lists are put together by %s", (order, sessions) => {
  const lists = [
    { total: 7, sessions: [third] },
    { total: 2, sessions: [second, first] },
  ];
  expect(mergeSessions(lists, { limit: 3, order })).toEqual({ total: 9, sessions });
  expect(mergeSessions(lists, { limit: 2, order }).sessions).toEqual(sessions.slice(0, 2));
});
