import { readFileSync } from "node:fs";
import process from "node:process";
import { Board } from "../board.ts";
import { withChildren } from "../proxy/children.ts";
import { bulkPort, httpPort } from "../proxy/contenders.ts";
import { bulk, missingHelp, provideTools, requests } from "../proxy/tools.ts";
import { freshConnections } from "./load.ts";
import { skipped } from "../result.ts";
import type { Bench, BenchResult } from "../result.ts";
import { Namespaces } from "./namespaces.ts";
import { report } from "./report.ts";
import { revoke, type Revoked } from "./revoke.ts";
import { measureScales } from "./scale.ts";
import { buildTestbed, type Contender, type Testbed } from "./testbed.ts";

const rounds = 3;
const loadSeconds = 3;
const fewEndpoints = 10;
const manyEndpoints = [1_000, 10_000, 100_000];
const heldSessions = 3_000;
const revokes = 3;

/** The kernel engine beside plain routing, HAProxy and nginx, each in a gateway namespace of its own. */
export const benchKernel: Bench = async (progress) => {
  if (process.getuid?.() !== 0) return skipped("it makes network namespaces; run it as root");
  const wanted = ["iperf3", "wrk", "haproxy", "nginx", "nft", "ip"] as const;
  const available = await provideTools(wanted, progress);
  const missing = wanted.filter((name) => name !== "haproxy" && !available.has(name));
  if (missing.length > 0) return skipped(`${missing.join(", ")} is missing; ${missingHelp}`);
  return withChildren(async (children) => {
    const namespaces = new Namespaces(children);
    children.afterwards(() => namespaces.end());
    progress("building the namespaces");
    const testbed = await buildTestbed(children, namespaces, available);
    return measure(testbed, namespaces, progress);
  });
};

async function measure(
  testbed: Testbed,
  namespaces: Namespaces,
  progress: (sentence: string) => void,
): Promise<BenchResult> {
  const { contenders, engine } = testbed;
  await engine.order({ kind: "apply", endpoints: fewEndpoints });
  const board = new Board();
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}: throughput, new connections, small requests`);
    // In rotating order: whoever comes first has the quietest machine.
    for (const [index] of contenders.entries()) {
      const contender = contenders[(index + round) % contenders.length];
      if (contender !== undefined) await measureOnce(board, contender);
    }
  }
  const revoked: Revoked[] = [];
  for (let run = 0; run < revokes; run++) {
    progress(`reject ${run + 1} of ${revokes} with ${heldSessions} live sessions`);
    revoked.push(await revoke(testbed, namespaces, fewEndpoints, heldSessions));
  }
  const scales = await measureScales(testbed, [fewEndpoints, ...manyEndpoints], progress);
  return report({ board, names: contenders.map(({ name }) => name), rounds, revoked, heldSessions, scales });
}

async function measureOnce(board: Board, contender: Contender): Promise<void> {
  const { address, run } = contender;
  const url = `http://${address}:${httpPort}/`;
  const one = await bulk(address, bulkPort, 1, loadSeconds, run);
  board.add("bulk1", "bulk, 1 stream, Gbit/s", 1, contender, one);
  const busyBefore = busySeconds();
  const eight = await bulk(address, bulkPort, 8, loadSeconds, run);
  const gigabytes = (eight / 8) * loadSeconds;
  board.add("bulk8", "bulk, 8 streams, Gbit/s", 1, contender, eight);
  board.add("cpu_per_gb", "CPU of the host, s/GB", 2, contender, (busySeconds() - busyBefore) / gigabytes);
  const fresh = await requests(url, freshConnections(loadSeconds), run);
  board.add("cps", "new connections a second", 0, contender, fresh.perSecond);
  const kept = await requests(url, { connections: 64, seconds: 2, close: false }, run);
  board.add("rps_c64", "small requests a second, 64 connections", 0, contender, kept.perSecond);
  board.add("p50", "small request, 64 connections, p50 ms", 3, contender, kept.p50Ms);
  board.add("p99", "small request, 64 connections, p99 ms", 3, contender, kept.p99Ms);
  const few = await requests(url, { connections: 4, seconds: 1, close: false }, run);
  board.add("p50_c4", "small request, 4 connections, p50 ms", 3, contender, few.p50Ms);
}

/**
 * Time that all processors were busy since the host started. It is counted in ticks, and right only while they are
 * saturated, as 8 streams do.
 */
function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = readFileSync("/proc/stat", "utf8")
    .slice("cpu ".length, 200)
    .trim()
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq) / 100;
}
