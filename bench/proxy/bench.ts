import { Board } from "../board.ts";
import { median, skipped } from "../result.ts";
import type { Bench, BenchResult } from "../result.ts";
import { withChildren } from "./children.ts";
import { Addresses, bulkPort, httpPort, startContenders, startNodes } from "./contenders.ts";
import type { Contender, PosternContender } from "./contenders.ts";
import { idleSessionBytes, rejectMs } from "./idle.ts";
import { bulk, missingHelp, provideTools, requests } from "./tools.ts";

const rounds = 4;
const idleSessions = 3_000;
const rejects = 3;

/** The proxy engine beside HAProxy, nginx and no proxy at all. All of them stay up; the rounds go in turn. */
export const benchProxy: Bench = async (progress) => {
  const available = await provideTools(["iperf3", "wrk", "haproxy", "nginx"], progress);
  const needed = (["iperf3", "wrk", "nginx"] as const).filter((name) => !available.has(name));
  if (needed.length > 0) return skipped(`${needed.join(", ")} is missing; ${missingHelp}`);
  return withChildren(async (children) => {
    const addresses = new Addresses();
    await startNodes(
      children,
      [0, 1, 2, 3].map((index) => addresses.node(index)),
    );
    const { contenders, postern } = await startContenders(children, addresses, available);
    return compare(contenders, postern, progress);
  });
};

async function compare(
  contenders: readonly Contender[],
  postern: PosternContender,
  progress: (sentence: string) => void,
): Promise<BenchResult> {
  const board = new Board();
  progress(`memory of ${idleSessions} idle sessions`);
  for (const contender of contenders) {
    const bytes = await idleSessionBytes(contender, idleSessions);
    if (bytes !== null) board.add("idle_session", "idle session, bytes resident", 0, contender, bytes);
  }
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}: throughput, new connections, small requests`);
    // In rotating order: whoever comes first has the quietest machine.
    for (const [index] of contenders.entries()) {
      const contender = contenders[(index + round) % contenders.length];
      if (contender !== undefined) await measureOnce(board, contender);
    }
  }
  progress(`reject with ${idleSessions} live sessions`);
  const rejected: number[] = [];
  for (let run = 0; run < rejects; run++) rejected.push(await rejectMs(postern, idleSessions));
  return resultOf(board, contenders, Math.round(median(rejected)));
}

async function measureOnce(board: Board, contender: Contender): Promise<void> {
  const { address } = contender;
  const url = `http://${address}:${httpPort}/`;
  board.add("bulk1", "bulk, 1 stream, Gbit/s", 1, contender, await bulk(address, bulkPort, 1, 2));
  board.add("bulk8", "bulk, 8 streams, Gbit/s", 1, contender, await bulk(address, bulkPort, 8, 2));
  const fresh = await requests(url, { connections: 32, seconds: 2, close: true });
  board.add("cps", "new connections a second", 0, contender, fresh.perSecond);
  for (const connections of [4, 64]) {
    const kept = await requests(url, { connections, seconds: 1, close: false });
    const who = `small request, ${connections} connections`;
    board.add(`p50_c${connections}`, `${who}, p50 ms`, 3, contender, kept.p50Ms);
    board.add(`p99_c${connections}`, `${who}, p99 ms`, 3, contender, kept.p99Ms);
  }
}

function resultOf(board: Board, contenders: readonly Contender[], reject3000Ms: number): BenchResult {
  const names = contenders.map(({ name }) => name);
  const idleBytes = board.median("idle_session", "postern");
  const title = `TCP proxies side by side (medians of ${rounds} interleaved rounds; x = postern divided by the other)`;
  return {
    tables: [board.table(title, names)],
    notes: [
      `Reject with ${idleSessions} live sessions: the last one was gone after ${reject3000Ms} ms (median of ${rejects}).`,
      ...(names.includes("haproxy") ? [] : ["HAProxy is not installed; it was left out."]),
    ],
    ratios: board.ratios(names),
    ms: { [`reject_${idleSessions}`]: reject3000Ms },
    bytes: idleBytes === undefined ? {} : { idle_session: Math.round(idleBytes) },
  };
}
