import { expect, test } from "vitest";
import { slices } from "../../lib/metrics/family.ts";
import { processTable } from "../../lib/metrics/plain-families.ts";
import { samplesOf, textOf } from "../../lib/metrics/test-samples.ts";
import { ServerCounts } from "./server-counts.ts";

const name = "postern_server_request_duration_seconds";

test("answers are counted by operation and class of status, and those that nobody waited for", async () => {
  const counts = new ServerCounts();
  const ended = [
    ["ListClusters", 200, 0.5],
    ["ListClusters", 204, 300],
    ["ListClusters", 404, 1],
    ["ListClusters", 0, 1],
    [undefined, 404, 1],
  ] as const;
  counts.began();
  for (const [operation, status, durationMs] of ended) {
    counts.began();
    counts.ended(operation, status, durationMs);
  }
  const samples = samplesOf(await textOf(slices(counts.answers)));
  const count = (operation: string, status: string): string | undefined =>
    samples[`${name}_count{operation="${operation}",status="${status}"}`];
  expect([
    count("ListClusters", "2xx"),
    count("ListClusters", "4xx"),
    count("ListClusters", "aborted"),
    count("none", "4xx"),
  ]).toEqual(["2", "1", "1", "1"]);
  expect(samples).toMatchObject({
    [`${name}_bucket{le="0.001",operation="ListClusters",status="2xx"}`]: "1",
    [`${name}_bucket{le="0.25",operation="ListClusters",status="2xx"}`]: "1",
    [`${name}_bucket{le="0.5",operation="ListClusters",status="2xx"}`]: "2",
    [`${name}_sum{operation="ListClusters",status="2xx"}`]: "0.3005",
  });
  expect(samplesOf(await textOf(slices(processTable(counts.families))))).toMatchObject({
    postern_server_open_requests: "1",
  });
});

test("commits are counted with the writes that shared them", async () => {
  const counts = new ServerCounts();
  counts.committed(2, 3);
  counts.committed(4, 1);
  expect(samplesOf(await textOf(slices(processTable(counts.families))))).toMatchObject({
    postern_server_commit_duration_seconds_count: "2",
    postern_server_commit_duration_seconds_sum: "0.006",
    postern_server_writes_total: "4",
  });
});
