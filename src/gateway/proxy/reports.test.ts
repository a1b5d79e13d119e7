import { expect, test } from "vitest";
import type { WorkerMessage } from "./messages.ts";
import { Reports } from "./reports.ts";

test("each node and each kind of trouble is told once a round", () => {
  const sent: WorkerMessage[] = [];
  const reports = new Reports((message) => sent.push(message));
  const [first, second] = [
    { host: "10.0.0.1", port: 9200 },
    { host: "10.0.0.1", port: 9201 },
  ];
  for (const node of [first, second, first]) reports.nodeUnreachable(node);
  reports.acceptFailed(new Error("accept EMFILE"));
  reports.acceptFailed(new Error("accept EMFILE"));
  const round: WorkerMessage[] = [
    { kind: "nodeUnreachable", node: first },
    { kind: "nodeUnreachable", node: second },
    { kind: "acceptFailed", message: "accept EMFILE" },
  ];
  expect(sent).toEqual(round);
  reports.nextRound();
  reports.nodeUnreachable(first);
  expect(sent).toEqual([...round, round[0]]);
});
