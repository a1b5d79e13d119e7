/** The program of a worker thread: makes the changes that the engine sends, and sweeps its sessions. */
import { parentPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { SessionSettings, WorkerMessage, WorkerRequest, WorkerSetup } from "./messages.ts";
import { NodeTotals } from "./node-totals.ts";
import { ReadBuffers } from "./read-buffers.ts";
import { RecordBatch } from "./record-batch.ts";
import { RefusalBook } from "../refusal-book.ts";
import { Reports } from "./reports.ts";
import { Shard } from "./shard.ts";
import { SlotCounters } from "./slots.ts";

const mostSweepMs = 1_000;
const leastSweepMs = 10;
const sweepsPerTimeout = 4;
/** A session on which nothing passes for one to two of these is at rest, where such sessions are to be closed. */
const restMs = 250;

function sweepIntervalMs(settings: SessionSettings): number {
  const shortestMs = Math.min(settings.idleTimeoutMs, settings.connectTimeoutMs, settings.keepAliveMs);
  return Math.min(mostSweepMs, Math.max(leastSweepMs, shortestMs / sweepsPerTimeout));
}

function run(port: MessagePort, setup: WorkerSetup): void {
  const { index, workers, memory, settings, recordsEnds } = setup;
  const own = memory.counters[index];
  if (own === undefined) throw new Error(`Worker ${index} was given no counters.`);
  const send = (message: WorkerMessage): void => port.postMessage(message);
  const reports = new Reports(send);
  const records = new RecordBatch(send);
  const refused = new RefusalBook<number>();
  const tellRefusals = (): void => {
    const refusals = refused.take();
    if (refusals.length > 0) send({ kind: "refused", refusals });
  };
  const shard = new Shard(
    new SlotCounters(memory.live, own),
    {
      settings,
      buffers: new ReadBuffers(),
      nodeTotals: new NodeTotals(),
      reusePort: workers > 1,
      nodeUnreachable: (node) => reports.nodeUnreachable(node),
      acceptFailed: (error) => reports.acceptFailed(error),
      refused: (slot, reason, source) => refused.note(slot, reason, source ?? null, Date.now()),
      ...(recordsEnds ? { record: (ended) => records.add(ended) } : {}),
    },
    index / workers,
  );
  port.on("message", ({ sequence, question }: WorkerRequest) => {
    if (question.kind === "list") {
      send({ kind: "answer", sequence, result: shard.list(question.query) });
      return;
    }
    if (question.kind === "end") {
      void shard.end(question).then((result) => send({ kind: "answer", sequence, result }));
      return;
    }
    if (question.kind === "countByNode") {
      send({ kind: "answer", sequence, result: shard.countByNode() });
      return;
    }
    // A change that throws is a defect: it ends the worker, and with it the process.
    void shard.apply(question.change).then((result) => {
      // A slot may be another endpoint's after the answer.
      records.flush();
      tellRefusals();
      send({ kind: "answer", sequence, result });
    });
  });
  setInterval(() => {
    reports.nextRound();
    shard.sweep();
    records.flush();
    tellRefusals();
  }, sweepIntervalMs(settings));
  setInterval(() => shard.closeResting(), restMs);
  send({ kind: "ready" });
}

if (parentPort === null) throw new Error("worker.ts runs as a worker thread of the proxy engine only.");
run(parentPort, workerData as WorkerSetup);
