import { eventually } from "../test/support/eventually.ts";
import type { Postern } from "../test/support/postern.ts";
import { openLiveSession, requestOnce } from "./live-session.ts";
import type { LiveSession } from "./live-session.ts";
import type { ProvidedCluster } from "./opensearch/provide.ts";
import { Owner } from "./owner.ts";
import type { Connections, Endpoint } from "./owner.ts";
import type { Progress } from "./progress.ts";
import { indexDocuments, searchThrough } from "./search.ts";

export const clusterName = "castle";

export type Outcome = {
  /** From sending the open call to the first answered request through the endpoint. */
  readonly openMs: number;
  readonly searchHits: number;
  /** From sending the reject to the end of the live session. */
  readonly severMs: number;
  readonly refusedAfterReject: boolean;
  readonly acceptedAgain: boolean;
  readonly connections: Connections;
};

type Stage = {
  readonly postern: Postern;
  readonly cluster: ProvidedCluster;
  readonly progress: Progress;
  /** The index that the documents go to. */
  readonly index: string;
};

function roundToTenth(value: number): number {
  return Math.round(value * 10) / 10;
}

async function openService(owner: Owner): Promise<{ readonly endpoint: Endpoint; readonly openMs: number }> {
  const startedAt = performance.now();
  await owner.open();
  const endpoint = await eventually(() => owner.acceptedEndpoint(), {
    timeoutMs: 15_000,
    intervalMs: 2,
    what: "an accepted connection with an address",
  });
  await eventually(async () => (await requestOnce(endpoint.url)) === 200, {
    timeoutMs: 15_000,
    intervalMs: 2,
    what: `an answer through ${endpoint.url}`,
  });
  return { endpoint, openMs: roundToTenth(performance.now() - startedAt) };
}

async function rejectAndMeasure(
  owner: Owner,
  endpoint: Endpoint,
  session: LiveSession,
  progress: Progress,
): Promise<number> {
  const status = await session.request();
  if (status !== 200) throw new Error(`The live session was answered with ${status} before the reject`);
  const startedAt = performance.now();
  await owner.decide("reject", endpoint);
  const death = await eventually(() => session.death(), {
    timeoutMs: 10_000,
    what: "the live session's end",
  });
  const severMs = roundToTenth(death.atMs - startedAt);
  progress.done(`the live session died ${severMs} ms after the reject was sent (${death.how})`);
  return severMs;
}

/** True when a new connection gets a clear no; silence is none. */
async function isRefused(endpoint: Endpoint, progress: Progress): Promise<boolean> {
  try {
    const status = await requestOnce(endpoint.url);
    progress.fail(`a new connection was answered with status ${status}`);
    return false;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "no answer";
    const refused = ["ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(code);
    if (refused) progress.done(`a new connection is refused (${code})`);
    else progress.fail(`a new connection got no clear refusal (${code})`);
    return refused;
  }
}

async function acceptAndSearch(owner: Owner, endpoint: Endpoint, index: string): Promise<number> {
  await owner.decide("receive", endpoint);
  const { hits } = await eventually(() => searchThrough(endpoint.url, index), {
    timeoutMs: 10_000,
    what: "a search after the second accept",
  });
  return hits;
}

/**
 * The life of one connection: register, open, search, reject, accept, search.
 * @throws Error when a step cannot be made; what can be made but went wrong is in the outcome.
 */
export async function runScenario(stage: Stage): Promise<{ outcome: Outcome; endpoint: Endpoint }> {
  const { postern, cluster, progress, index } = stage;
  progress.step("Registering the cluster and filling it");
  const owner = await Owner.register(postern, clusterName, cluster.url, progress);
  progress.done(`${await indexDocuments(cluster.url, index)} documents are in the index ${index}`);

  progress.step("Opening the VPC endpoint service");
  const { openMs, endpoint } = await openService(owner);
  progress.done(`${openMs} ms from the open call to the first answer through ${endpoint.url}`);
  const { hits: searchHits, best } = await searchThrough(endpoint.url, index);
  progress.done(`the official client finds ${searchHits} documents through the endpoint, best "${best}"`);

  progress.step("Rejecting the connection while a session lives");
  const session = await openLiveSession(endpoint.url);
  const severMs = await rejectAndMeasure(owner, endpoint, session, progress).finally(() => session.close());
  const refusedAfterReject = await isRefused(endpoint, progress);

  progress.step("Accepting it again");
  const hitsAgain = await acceptAndSearch(owner, endpoint, index);
  progress.done(`the same search finds ${hitsAgain} documents`);

  const connections = await owner.connections();
  progress.step("What the owner sees (GET .../vpcepservice/connections)");
  progress.note(JSON.stringify(connections, undefined, 2));
  const acceptedAgain =
    hitsAgain === searchHits &&
    connections.connections.some(({ id, status }) => id === endpoint.id && status === "accepted");
  return {
    outcome: { openMs, searchHits, severMs, refusedAfterReject, acceptedAgain, connections },
    endpoint,
  };
}

/** Whether all that the demo promises has held. */
export function hasHeld({ searchHits, refusedAfterReject, acceptedAgain }: Outcome): boolean {
  return searchHits > 0 && refusedAfterReject && acceptedAgain;
}
