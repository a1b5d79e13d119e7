import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Board } from "../board.ts";
import { withChildren } from "../proxy/children.ts";
import { missingHelp, provideTools } from "../proxy/tools.ts";
import { skipped } from "../result.ts";
import type { Bench, BenchResult } from "../result.ts";
import { port, startContenders } from "./contenders.ts";
import type { Contender } from "./contenders.ts";
import { askAtFullSpeed, askAtRate, askOnce } from "./load.ts";
import type { LoadFigures } from "./load.ts";
import { makeEndpoints, questionsAbout } from "./names.ts";

const rounds = 5;
const seconds = 2;
const fixedRate = 10_000;
const programs = ["knot", "dnsperf"] as const;

/** The gateway's name server beside knot with the same names. Both stay up; the rounds go in turn. */
export const benchDns: Bench = async (progress) => {
  const available = await provideTools(programs, progress);
  const missing = programs.filter((name) => !available.has(name));
  if (missing.length > 0) return skipped(`${missing.join(", ")} is missing; ${missingHelp}`);
  return withChildren(async (children) => {
    const endpoints = makeEndpoints();
    const questions = join(children.directory, "questions");
    await writeFile(questions, questionsAbout(endpoints));
    return compare(await startContenders(children, endpoints), questions, progress);
  });
};

async function compare(
  contenders: readonly Contender[],
  questions: string,
  progress: (sentence: string) => void,
): Promise<BenchResult> {
  const board = new Board();
  const lost = new Map(contenders.map(({ name }) => [name, 0]));
  const codes = new Set<string>();
  for (const { address } of contenders) codes.add((await askOnce({ address, port, questions })).codes);
  if (codes.size > 1) throw new Error(`The name servers do not answer alike: ${[...codes].join("; ")}.`);
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}: queries a second, latency at ${fixedRate} of them`);
    // In rotating order: whoever comes first has the quietest machine.
    for (const [index] of contenders.entries()) {
      const contender = contenders[(index + round) % contenders.length];
      if (contender === undefined) continue;
      for (const figures of await measureOnce(board, contender, questions))
        lost.set(contender.name, (lost.get(contender.name) ?? 0) + figures.lost);
    }
  }
  return resultOf(board, contenders, lost);
}

async function measureOnce(
  board: Board,
  contender: Contender,
  questions: string,
): Promise<readonly LoadFigures[]> {
  const target = { address: contender.address, port, questions };
  const fast = await askAtFullSpeed(target, seconds);
  board.add("qps", "queries a second", 0, contender, fast.perSecond);
  const fixed = await askAtRate(target, fixedRate, seconds);
  board.add("p50_at_10k", `p50 ms at ${fixedRate} queries a second`, 3, contender, fixed.p50Ms);
  board.add("p99_at_10k", `p99 ms at ${fixedRate} queries a second`, 3, contender, fixed.p99Ms);
  return [fast, fixed];
}

function resultOf(
  board: Board,
  contenders: readonly Contender[],
  lost: ReadonlyMap<string, number>,
): BenchResult {
  const names = contenders.map(({ name }) => name);
  const title = `Name servers side by side (medians of ${rounds} interleaved rounds; x = postern divided by the other)`;
  const msOf = (key: string): number => Number((board.median(key, "postern") ?? Number.NaN).toFixed(3));
  const losses = [...lost].map(([name, count]) => `${name} ${count}`).join(", ");
  return {
    tables: [board.table(title, names)],
    notes: [`Queries without an answer in all rounds: ${losses}. knot has a worker for each core.`],
    ratios: board.ratios(names),
    ms: { dns_p50_at_10k: msOf("p50_at_10k"), dns_p99_at_10k: msOf("p99_at_10k") },
    bytes: {},
  };
}
