import { bulkPort, httpPort } from "../proxy/contenders.ts";
import { bulk, requests } from "../proxy/tools.ts";
import { freshConnections } from "./load.ts";
import { median } from "../result.ts";
import type { Testbed } from "./testbed.ts";

const rounds = 3;
const loadSeconds = 2;
const batches = 20;

/** What so many endpoints cost: medians. */
export interface Scale {
  readonly endpoints: number;
  readonly connectionsPerSecond: number;
  readonly gigabits: number;
  /** All from nothing, with the 0.3 s in which hosts are asked for. */
  readonly allMs: number;
  /** One more: the work of both applies, of the one that has its address asked for and of the one that brings it up. */
  readonly addMs: number;
  /** The same from the first to the end, with the wait for hosts that may have its address. */
  readonly addWholeMs: number;
  /** `apply` of the whole list with one of them rejected. */
  readonly revokeMs: number;
  /** Memory of the engine's process. */
  readonly rssBytes: number;
  /** The elements of one endpoint, added and removed. */
  readonly addBatchMs: number;
  readonly removeBatchMs: number;
}

/** Measures each number of endpoints, in turn, so that a noisy moment of the machine hits all of them. */
export async function measureScales(
  testbed: Testbed,
  sizes: readonly number[],
  progress: (sentence: string) => void,
): Promise<readonly Scale[]> {
  const samples = new Map<number, Scale[]>(sizes.map((size) => [size, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [size, taken] of samples) {
      progress(`round ${round + 1} of ${rounds}: ${size} endpoints`);
      taken.push(await measureOnce(testbed, size));
    }
  }
  return [...samples].map(([endpoints, taken]) => ({ ...medians(taken), endpoints }));
}

async function measureOnce({ engine, postern }: Testbed, endpoints: number): Promise<Scale> {
  await engine.order({ kind: "apply", endpoints: 0 });
  const all = await engine.order({ kind: "apply", endpoints });
  const added = await engine.order({ kind: "apply", endpoints: endpoints + 1 });
  const revoked = await engine.order({ kind: "apply", endpoints: endpoints + 1, rejected: endpoints });
  const answers = [];
  for (let batch = 0; batch < batches; batch++) answers.push(await engine.order({ kind: "batch" }));
  const { address, run } = postern;
  const url = `http://${address}:${httpPort}/`;
  const fresh = await requests(url, freshConnections(loadSeconds), run);
  return {
    endpoints,
    connectionsPerSecond: fresh.perSecond,
    gigabits: await bulk(address, bulkPort, 8, loadSeconds, run),
    allMs: all.wholeMs,
    addMs: added.ms + added.partMs,
    addWholeMs: added.wholeMs,
    revokeMs: revoked.ms,
    rssBytes: revoked.rssBytes,
    addBatchMs: median(answers.map(({ ms }) => ms)),
    removeBatchMs: median(answers.map(({ partMs }) => partMs)),
  };
}

function medians(samples: readonly Scale[]): Scale {
  const of = (key: keyof Scale): number => median(samples.map((sample) => sample[key]));
  return {
    endpoints: of("endpoints"),
    connectionsPerSecond: of("connectionsPerSecond"),
    gigabits: of("gigabits"),
    allMs: of("allMs"),
    addMs: of("addMs"),
    addWholeMs: of("addWholeMs"),
    revokeMs: of("revokeMs"),
    rssBytes: of("rssBytes"),
    addBatchMs: of("addBatchMs"),
    removeBatchMs: of("removeBatchMs"),
  };
}
