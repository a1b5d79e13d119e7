import { setTimeout as delay } from "node:timers/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { EndpointId, VpcId } from "../domain/ids.ts";
import { RotatingFile } from "../lib/rotating-file.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { FlowLog, type LineFile } from "./flow-log.ts";
import { flowLine, type FlowRecord } from "./flow-record.ts";

const record: FlowRecord = {
  startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  endedAt: Date.UTC(2026, 0, 2, 3, 5, 5, 6),
  endpointId: "endpoint-1" as EndpointId,
  network: "vpc-1" as VpcId,
  source: { host: "10.0.0.7", port: 40_000 },
  node: { host: "fd00::3", port: 9200 },
  bytesIn: 1_000,
  bytesOut: 2_000,
  reason: "closed",
};

/** A disk that is full, or hangs, for as long as a test wants. */
class Disk implements LineFile {
  lines: string[] = [];
  isFull = false;
  isClosed = false;
  hanging: Promise<void> = Promise.resolve();
  calls = 0;

  async append(lines: Buffer): Promise<void> {
    this.calls += 1;
    await this.hanging;
    if (this.isFull) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    this.lines.push(...lines.toString().split("\n").slice(0, -1));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function logTo(disk: LineFile): { log: FlowLog; said: string[] } {
  const said: string[] = [];
  const note = (_fields: object, message: string): void => void said.push(message);
  return { log: new FlowLog(disk, { warn: note, error: note }), said };
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 10_000; !condition(); await delay(5)) {
    if (performance.now() > deadline) throw new Error("Waited in vain.");
  }
}

/** The causes of losses that lines tell of, with their counts. */
function losses(disk: Disk): Record<string, unknown>[] {
  const all = disk.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return all.filter(({ event }) => event === "lost");
}

test("a line has what was carried, between whom, and why it ended; what is not known is null", () => {
  expect(JSON.parse(flowLine(record))).toEqual({
    start: "2026-01-02T03:04:05.006Z",
    end: "2026-01-02T03:05:05.006Z",
    endpoint: "endpoint-1",
    vpc: "vpc-1",
    source: "10.0.0.7:40000",
    node: "[fd00::3]:9200",
    bytes_in: 1_000,
    bytes_out: 2_000,
    reason: "closed",
  });
  const { startedAt: _start, network: _network, node: _node, ...rest } = record;
  expect(JSON.parse(flowLine(rest))).toMatchObject({ start: null, vpc: null, node: null });
});

test("records are in the file soon, and without a further one; the rest when it is closed", async () => {
  const path = join(testDirectory(), "flows.jsonl");
  const { log, said } = logTo(await RotatingFile.open(path, { fileBytes: 10_000_000, files: 2 }));
  log.record(record);
  await until(() => readFileSync(path, "utf8") === `${flowLine(record)}\n`);
  for (let time = 0; time < 5_000; time += 1) log.record(record);
  await log.close();
  await log.close();
  log.record(record);
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines.pop()).toBe("");
  expect(lines).toHaveLength(5_001);
  expect(new Set(lines)).toEqual(new Set([flowLine(record)]));
  expect(said).toEqual([]);
});

test("while a disk is full records wait; those beyond the limit are dropped, counted, and told of once there is room", async () => {
  const disk = new Disk();
  const { log, said } = logTo(disk);
  disk.isFull = true;
  log.record(record);
  await until(() => said.length > 0);
  const bytes = flowLine(record).length + 1;
  const fitting = Math.floor((16 * 1024 * 1024) / bytes);
  for (let time = 0; time < fitting + 9; time += 1) log.record(record);
  const calls = disk.calls;
  await until(() => disk.calls > calls + 1);
  // Once is enough.
  expect(said).toEqual([expect.stringContaining("cannot be written")]);
  disk.isFull = false;
  await until(() => disk.lines.length === fitting + 1);
  expect(losses(disk)).toEqual([{ time: expect.any(String), event: "lost", cause: "disk", records: 10 }]);
  expect(said).toEqual([expect.anything(), expect.stringContaining("written again")]);
  log.record(record);
  await until(() => disk.lines.length === fitting + 2);
  expect(losses(disk)).toHaveLength(1);
  await log.close();
});

test("an overrun is a line, and a warning", async () => {
  const disk = new Disk();
  const { log, said } = logTo(disk);
  log.overrun();
  log.overrun();
  await until(() => disk.lines.length > 0);
  expect(losses(disk)).toEqual([{ time: expect.any(String), event: "lost", cause: "overrun", overruns: 2 }]);
  expect(said[0]).toContain("faster than the flow log takes them");
  await log.close();
});

test("a disk that hangs holds nobody up, not even the end", async () => {
  const disk = new Disk();
  const { log, said } = logTo(disk);
  const hanging = Promise.withResolvers<void>();
  disk.hanging = hanging.promise;
  log.record(record);
  await until(() => disk.calls === 1);
  log.record(record);
  await log.close();
  expect(disk.isClosed).toBe(true);
  expect(said).toEqual([expect.stringContaining("without records")]);
  hanging.resolve();
});
