import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Children } from "../proxy/children.ts";
import { median } from "../result.ts";
import type { Reading } from "./reader-process.ts";

const rounds = 9;
/** Between two questions of whoever is not to notice the readings. */
const pauseMs = 1;

/** What somebody else waited for an answer, in milliseconds, of all rounds. */
export interface Waits {
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Findings {
  readonly name: string;
  readonly scrapeMs: number;
  readonly samples: number;
  readonly bytes: number;
  /** Of the event loop, while it is read: the median of the longest of each reading. */
  readonly delayMs: number;
  readonly quiet: Waits;
  readonly during: Waits;
}

/**
 * Reads metrics while somebody else goes on asking, and lets him ask as long without.
 * @param prepare what happens between two readings
 */
export async function measure(
  name: string,
  url: string,
  children: Children,
  ask: () => Promise<void>,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<Findings> {
  const reader = fork(fileURLToPath(new URL("./reader-process.ts", import.meta.url)));
  children.keep(reader);
  const [quiet, during]: [number[], number[]] = [[], []];
  const readings: Reading[] = [];
  // The first ones warm all up and are not counted.
  for (let round = -3; round < rounds; round += 1) {
    await read(reader, url);
    await prepare();
    const [reading, waits] = await asking(ask, () => read(reader, url));
    const [, undisturbed] = await asking(ask, () => delay(reading.ms));
    if (round < 0) continue;
    readings.push(reading);
    during.push(...waits);
    quiet.push(...undisturbed);
  }
  return {
    name,
    scrapeMs: median(readings.map(({ ms }) => ms)),
    samples: readings.at(-1)?.samples ?? 0,
    bytes: readings.at(-1)?.bytes ?? 0,
    // What a process tells of its event loop it writes last: the delay is that of this very reading.
    delayMs: median(readings.map(({ longestDelayMs }) => longestDelayMs)),
    quiet: waitsOf(quiet),
    during: waitsOf(during),
  };
}

async function read(reader: ChildProcess, url: string): Promise<Reading> {
  reader.send(url);
  const [reading] = (await once(reader, "message")) as [Reading];
  return reading;
}

async function asking<Result>(
  ask: () => Promise<void>,
  work: () => Promise<Result>,
): Promise<readonly [Result, number[]]> {
  const waits: number[] = [];
  const state = { isOver: false };
  const working = work().finally(() => {
    state.isOver = true;
  });
  while (!state.isOver) {
    const startedAt = performance.now();
    await ask();
    waits.push(performance.now() - startedAt);
    await delay(pauseMs);
  }
  return [await working, waits];
}

function waitsOf(times: readonly number[]): Waits {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    median: median(sorted),
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    longest: sorted.at(-1) ?? Number.NaN,
  };
}
