import { expect, test } from "vitest";
import { hasStackFrame } from "./judge.ts";

test("a real stack is seen, also inside JSON", () => {
  const { stack } = new Error("made here");
  expect(hasStackFrame(stack ?? "")).toBe(true);
  expect(hasStackFrame(JSON.stringify({ message: stack }))).toBe(true);
});

test.each([
  "at /srv/postern/src/api/server.ts:12:34",
  "at async handle (file:///srv/postern/dist/server.mjs:1:2)",
  "at node:internal/process/task_queues:95:5",
  "at new Promise (<anonymous>:1:2)",
])("the frame %s is seen", (frame) => {
  expect(hasStackFrame(`{"error_msg":"boom\\n    ${frame}"}`)).toBe(true);
});

test.each([
  "Cluster 5e026038 did not exist in this project at 2026-11-23T08:20:54.082Z.",
  "The node at 10.0.0.7:9200 did not answer.",
  "The node at [2001:db8:1:2::3]:9200 did not answer.",
  "listening at http://127.0.0.1:8090",
])("the sentence %s shows no frame", (sentence) => {
  expect(hasStackFrame(sentence)).toBe(false);
});
