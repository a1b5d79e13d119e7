import { expect, test } from "vitest";
import type { NodeId } from "../../domain/ids.ts";
import { NodeTotals } from "./node-totals.ts";

const id = (name: string | number): NodeId => String(name) as NodeId;

const session = (node: NodeId | undefined, bytesIn: number, isConnected = true) => ({
  node: node === undefined ? null : { id: node },
  carried: { isConnected, bytesIn, bytesOut: bytesIn * 10 },
});

test("a node has what its live sessions carry, and what those have carried that are over", () => {
  const totals = new NodeTotals();
  totals.end(session(id("a"), 1));
  totals.end(session(id("a"), 2));
  totals.end(session(id("b"), 4));
  expect([...totals.read([session(id("a"), 8), session(id("c"), 16)])]).toEqual([
    [id("a"), { sessions: 1, traffic: { newSessions: 3, bytesIn: 11, bytesOut: 110 } }],
    [id("b"), { sessions: 0, traffic: { newSessions: 1, bytesIn: 4, bytesOut: 40 } }],
    [id("c"), { sessions: 1, traffic: { newSessions: 1, bytesIn: 16, bytesOut: 160 } }],
  ]);
});

test("a session that waits for its node is live and not new; one that no node took was never there", () => {
  const totals = new NodeTotals();
  totals.end(session(id("b"), 0, false));
  totals.end(session(undefined, 0, false));
  const none = { newSessions: 0, bytesIn: 0, bytesOut: 0 };
  expect([...totals.read([session(id("a"), 0, false), session(undefined, 0, false)])]).toEqual([
    [id("a"), { sessions: 1, traffic: none }],
  ]);
});

test("a thousand nodes are remembered, those that a session ended on last", () => {
  const totals = new NodeTotals();
  for (let n = 0; n < 1_000; n += 1) totals.end(session(id(n), 1));
  totals.end(session(id(0), 1));
  totals.end(session(id("late"), 1));
  const known = totals.read([]);
  expect([known.size, known.has(id(0)), known.has(id(1)), known.has(id("late"))]).toEqual([
    1_000,
    true,
    false,
    true,
  ]);
});
