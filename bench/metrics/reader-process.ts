/**
 * Reads metrics as Prometheus does, in a process of its own: whoever else is measured in the meantime is not kept
 * waiting by the reader. Its parent sends a URL, and gets what reading it took.
 */
import { Agent, get } from "node:http";

export interface Reading {
  readonly ms: number;
  readonly bytes: number;
  /** Lines that are samples. */
  readonly samples: number;
  /** Longest delay of the event loop that the process has told, since the reading before; in milliseconds. */
  readonly longestDelayMs: number;
}

const agent = new Agent({ keepAlive: true });

async function read(url: string): Promise<Reading> {
  const chunks: Buffer[] = [];
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("end", resolve).once("error", reject);
    }).once("error", reject);
  });
  const ms = performance.now() - startedAt;
  const text = Buffer.concat(chunks).toString();
  const delay = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1];
  const samples = text.match(/^[^#\n]/gm)?.length ?? 0;
  return { ms, bytes: text.length, samples, longestDelayMs: Number(delay) * 1_000 };
}

process.on("message", (url: string) => {
  void read(url).then((reading) => process.send?.(reading));
});
process.once("disconnect", () => process.exit(0));
