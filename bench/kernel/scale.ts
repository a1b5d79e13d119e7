import { bulkPort, httpPort } from "../proxy/contenders.ts";
import { bulk, requests } from "../proxy/tools.ts";
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
  /** All from nothing; of that, the host's routes. */
  readonly allMs: number;
  readonly allHostMs: number;
  /** `apply` of the whole list with one more; of that, the host's routes, with the wait for an address conflict. */
  readonly addMs: number;
  readonly addHostMs: number;
  /** `apply` of the whole list with one of them rejected; of that, the host's routes. */
  readonly revokeMs: number;
  readonly revokeHostMs: number;
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
  const fresh = await requests(url, { connections: 64, seconds: loadSeconds, close: true }, run);
  return {
    endpoints,
    connectionsPerSecond: fresh.perSecond,
    gigabits: await bulk(address, bulkPort, 8, loadSeconds, run),
    allMs: all.ms,
    allHostMs: all.partMs,
    addMs: added.ms,
    addHostMs: added.partMs,
    revokeMs: revoked.ms,
    revokeHostMs: revoked.partMs,
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
    allHostMs: of("allHostMs"),
    addMs: of("addMs"),
    addHostMs: of("addHostMs"),
    revokeMs: of("revokeMs"),
    revokeHostMs: of("revokeHostMs"),
    addBatchMs: of("addBatchMs"),
    removeBatchMs: of("removeBatchMs"),
  };
}
