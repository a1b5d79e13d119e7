import { availableParallelism } from "node:os";
import type { DesiredEndpoint, DesiredNode } from "../../domain/desired.ts";
import type { EndpointId, NodeId } from "../../domain/ids.ts";
import type { RefusalRecord } from "../../domain/refusal-record.ts";
import { noTraffic, sumByNode } from "../../domain/node-figures.ts";
import type { EndpointFailure, EndpointFigures, NodeFigures } from "../../domain/report.ts";
import type { ApplyReport, Engine, EngineLog } from "../engine.ts";
import type { FlowRecordSink } from "../flow-record.ts";
import { RefusalBook, recordsOf } from "../refusal-book.ts";
import {
  mergeSessions,
  type SessionKey,
  type SessionList,
  type SessionQuery,
} from "../../domain/live-session.ts";
import { Figures } from "./figures.ts";
import { Image } from "./image.ts";
import { listenFailure, probe } from "./listen-failure.ts";
import type {
  Change,
  ChangeResult,
  ListenFailure,
  ListenerKey,
  SlotRecord,
  SlotSessionList,
  WorkerSetup,
} from "./messages.ts";
import { allocateSlotMemory, slotLimit, SlotTotals } from "./slots.ts";
import { WorkerPool } from "./worker-pool.ts";

const probesAtOnce = 64;
const nothing: Change = { remove: [], close: [], set: [], listen: [] };
/** Where the kernel spreads connections over the listeners of one address; elsewhere one worker has to do. */
const sharingPlatforms = new Set<string>(["linux", "freebsd", "sunos", "aix"]);

export interface ProxyEngineOptions {
  /** Worker threads, 1 or more. Default: one a core, at least 2. */
  readonly workers?: number;
  /** A session that carried nothing for this long is reset. Default 3,600,000 ms. */
  readonly idleTimeoutMs?: number;
  /** How long one node may take to accept, before the next is tried. Default 5,000 ms. */
  readonly connectTimeoutMs?: number;
  /** Silence after which TCP keepalive probes start. Default 60,000 ms. */
  readonly keepAliveMs?: number;
  readonly log: EngineLog;
  /** Takes every session that has ended; none are told of without it. */
  readonly records?: FlowRecordSink;
  /** A node did not accept a session. Called at most about once a second for a node and worker. */
  readonly onNodeUnreachable?: (node: DesiredNode) => void;
  /** A worker ended unasked. Default: throws, which takes the process down for its supervisor to restart. */
  readonly onWorkerDeath?: (error: Error) => void;
}

/**
 * Carries sessions in user space, on any system and without privileges. Worker threads share every listener and
 * count sessions in shared memory; this, the main thread, only tells them what changed.
 */
export class ProxyEngine implements Engine {
  readonly kinds = ["proxy"] as const;
  readonly #pool: WorkerPool;
  readonly #totals: SlotTotals;
  readonly #figures: Figures;
  readonly #image: Image;
  readonly #refused: RefusalBook<EndpointId>;
  #desired: readonly DesiredEndpoint[] = [];
  #closed: Promise<void> | null = null;

  private constructor(pool: WorkerPool, totals: SlotTotals, image: Image, refused: RefusalBook<EndpointId>) {
    this.#refused = refused;
    this.#image = image;
    this.#pool = pool;
    this.#totals = totals;
    this.#figures = new Figures(totals);
  }

  /** @throws where a worker thread cannot be started */
  static async start(options: ProxyEngineOptions): Promise<ProxyEngine> {
    const wanted = options.workers ?? Math.max(2, availableParallelism());
    const workers = sharingPlatforms.has(process.platform) ? wanted : 1;
    const memory = allocateSlotMemory(workers);
    const settings = {
      idleTimeoutMs: options.idleTimeoutMs ?? 3_600_000,
      connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
      keepAliveMs: options.keepAliveMs ?? 60_000,
    };
    const setups = Array.from({ length: workers }, (_, index): WorkerSetup => {
      return { index, workers, memory, settings, recordsEnds: options.records !== undefined };
    });
    const image = new Image(slotLimit);
    const refused = new RefusalBook<EndpointId>();
    const program = new URL("./worker.ts", import.meta.url);
    const pool = await WorkerPool.start(program, setups, {
      nodeUnreachable: (node) => options.onNodeUnreachable?.(node),
      acceptFailed: (message) => options.log.warn({ message }, "The proxy could not accept a connection."),
      ended: (records) => forward(records, image, options.records),
      refused: (refusals) => {
        const named = recordsOf(refusals, (slot) => image.ownerOf(slot));
        for (const { endpointId, ...rest } of named) refused.add({ key: endpointId, ...rest });
      },
      died: (error) => {
        options.log.error({ error: error.message }, "A proxy worker died; the gateway has to start again.");
        (options.onWorkerDeath ?? rethrow)(error);
      },
    });
    return new ProxyEngine(pool, new SlotTotals(memory), image, refused);
  }

  /** See {@link Engine.apply}. @throws after `close`, and when a worker dies */
  async apply(desired: readonly DesiredEndpoint[]): Promise<ApplyReport> {
    if (this.#closed !== null) throw new Error("The proxy engine is closed.");
    this.#desired = desired;
    const severedSessions = await this.#shrink(desired);
    const grown = this.#image.grow(desired);
    const { free, taken } = await probeAll(grown.missing);
    const refused = await this.#listen({ ...nothing, set: grown.set, listen: free });
    const failures = [...grown.failures, ...this.#named([...taken, ...refused])];
    return { severedSessions, failures };
  }

  figures(): readonly EndpointFigures[] {
    return this.#figures.read(this.#desired, (id) => this.#image.slotOf(id));
  }

  takeRefusals(most: number): readonly RefusalRecord[] {
    return recordsOf(this.#refused.take(most), (id) => id);
  }

  /** See {@link Engine.sessions}. @throws after `close`, and when a worker dies */
  async sessions({ endpoints, ...query }: SessionQuery): Promise<SessionList> {
    const slots = endpoints?.flatMap((id) => this.#image.slotOf(id) ?? []);
    if (slots?.length === 0) return { total: 0, sessions: [] };
    const lists = await this.#pool.list({ ...query, ...(slots ? { slots } : {}) });
    return mergeSessions(
      lists.map((list) => this.#withNames(list)),
      query,
    );
  }

  /** See {@link Engine.end}. @throws after `close`, and when a worker dies */
  async end(endpointId: EndpointId, session: SessionKey): Promise<boolean> {
    const slot = this.#image.slotOf(endpointId);
    return slot !== undefined && this.#pool.end({ slot, session });
  }

  /** See {@link Engine.figuresByNode}. @throws after `close`, and when a worker dies */
  async figuresByNode(): Promise<ReadonlyMap<NodeId, NodeFigures>> {
    const carried = await this.#pool.countByNode();
    return sumByNode([untouched(this.#desired), ...carried]);
  }

  #withNames({ total, sessions }: SlotSessionList): SessionList {
    const named = sessions.flatMap(({ slot, ...session }) => {
      const endpointId = this.#image.ownerOf(slot);
      return endpointId === undefined ? [] : [{ endpointId, ...session }];
    });
    return { total, sessions: named };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#pool.alive) await this.#pool.broadcast({ ...nothing, remove: this.#image.slots });
    await this.#pool.close();
  }

  /** Ends what is not wanted any more; returns the sessions that this cut. */
  async #shrink(desired: readonly DesiredEndpoint[]): Promise<number> {
    const change = { ...nothing, ...this.#image.shrink(desired) };
    const results = await this.#send(change);
    for (const slot of change.remove) {
      this.#totals.clear(slot);
      this.#image.release(slot);
    }
    return results.reduce((sum, result) => sum + result.severedSessions, 0);
  }

  /** Returns what could not be listened on by every worker; no worker listens on it then. */
  async #listen(change: Change): Promise<ListenFailure[]> {
    const results = await this.#send(change);
    const failures = new Map(
      results.flatMap((result) => result.failures).map((failure) => [nameOf(failure), failure]),
    );
    await this.#send({ ...nothing, close: [...failures.values()] });
    for (const key of change.listen) if (!failures.has(nameOf(key))) this.#image.listening(key);
    return [...failures.values()];
  }

  async #send(change: Change): Promise<ChangeResult[]> {
    const isEmpty = Object.values(change).every((part: readonly unknown[]) => part.length === 0);
    return isEmpty ? [] : this.#pool.broadcast(change);
  }

  #named(failures: readonly ListenFailure[]): EndpointFailure[] {
    return failures.flatMap(({ slot, code, message }) => {
      const endpointId = this.#image.ownerOf(slot);
      return endpointId === undefined ? [] : [{ endpointId, code, message }];
    });
  }
}

/** Nodes that sessions may go to, with nothing yet. Endpoints of a service share its list of nodes. */
function untouched(desired: readonly DesiredEndpoint[]): ReadonlyMap<NodeId, NodeFigures> {
  const lists = new Set(desired.flatMap(({ nodes, away = [] }) => [nodes, away]));
  const nothingYet = { sessions: 0, traffic: noTraffic };
  return new Map(
    [...lists].flatMap((nodes) => nodes.flatMap(({ id }) => (id === undefined ? [] : [[id, nothingYet]]))),
  );
}

async function probeAll(
  keys: readonly ListenerKey[],
): Promise<{ free: ListenerKey[]; taken: ListenFailure[] }> {
  const free: ListenerKey[] = [];
  const taken: ListenFailure[] = [];
  for (let from = 0; from < keys.length; from += probesAtOnce) {
    const batch = keys.slice(from, from + probesAtOnce);
    const outcomes = await Promise.allSettled(batch.map(({ address, port }) => probe(address, port)));
    for (const [index, key] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.status === "rejected") taken.push(listenFailure(key, outcome.reason));
      else free.push(key);
    }
  }
  return { free, taken };
}

function forward(records: readonly SlotRecord[], image: Image, sink: FlowRecordSink | undefined): void {
  for (const { slot, ...record } of records) {
    const endpointId = image.ownerOf(slot);
    if (endpointId !== undefined) sink?.record({ endpointId, ...record });
  }
}

function nameOf(key: ListenerKey): string {
  return `${key.slot} ${key.address} ${key.port}`;
}

function rethrow(error: Error): never {
  throw error;
}
