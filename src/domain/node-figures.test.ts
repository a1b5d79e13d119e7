import { expect, test } from "vitest";
import type { NodeId } from "./ids.ts";
import { sumByNode } from "./node-figures.ts";
import type { NodeFigures } from "./report.ts";

const [a, b, c] = ["a", "b", "c"] as NodeId[] as [NodeId, NodeId, NodeId];
const counted = (sessions: number): NodeFigures => ({
  sessions,
  traffic: { newSessions: sessions, bytesIn: 10, bytesOut: 100 },
});

test("figures of a node add up, and what one cannot count is not known", () => {
  const sum = sumByNode([
    new Map([
      [a, counted(1)],
      [b, counted(2)],
    ]),
    new Map([
      [a, counted(4)],
      [b, { sessions: 3 }],
      [c, { sessions: 0 }],
    ]),
  ]);
  expect([...sum]).toEqual([
    [a, { sessions: 5, traffic: { newSessions: 5, bytesIn: 20, bytesOut: 200 } }],
    [b, { sessions: 5 }],
    [c, { sessions: 0 }],
  ]);
});
