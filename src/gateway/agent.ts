import { setTimeout as delay } from "node:timers/promises";
import { Compiler } from "../domain/compile.ts";
import type { EndpointId } from "../domain/ids.ts";
import type { EndpointFigures, GatewayReport } from "../domain/report.ts";
import { nextFateAt } from "../domain/node-drain.ts";
import type { Timestamp } from "../domain/resources.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { isSameJson } from "../lib/same-json.ts";
import { Backoff } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { AgentObserver } from "./agent-observer.ts";
import type { LogLevel } from "../lib/wanted-level.ts";
import type { NameService } from "./dns/name-service.ts";
import type { ApplyReport, Engine } from "./engine.ts";
import { RefusalOutbox } from "./refusal-outbox.ts";
import type { HealthChecker } from "./health/health-checker.ts";
import { keepEntries } from "./keep-entries.ts";
import type { KnownSnapshot, ServerClient } from "./server-client.ts";
import type { SnapshotFile } from "./snapshot-file.ts";

/** Counters and health go to the server this often. */
const heartbeatMs = 1_000;
/** An endpoint that could not be brought up is tried again this often: what was in its way may be gone by itself. */
const retryFailuresMs = 2_000;
const firstRetryMs = 20;
const mostRetryMs = 1_000;
/** Node's timers take no more than about 24 days. */
const longestTimerMs = 24 * 3_600_000;
const nothingApplied = { severedSessions: 0, failures: [], applyMs: 0 } as const;

export interface AgentParts {
  readonly engine: Engine;
  readonly file: SnapshotFile;
  readonly health: HealthChecker;
  readonly names: NameService;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when a snapshot has been applied, from disk or from the server. */
  readonly onApplied: (revision: number) => void;
  /** Counts what happens, for metrics; nobody does where it is left out. */
  readonly observer?: AgentObserver;
  /** Called when the server wants another log level than before; undefined: the one of the start. */
  readonly onLogLevel?: (level: LogLevel | undefined) => void;
}

/**
 * The gateway's own loop: take the newest snapshot, bring it about, say so. It works from its last good snapshot
 * whenever the server is not there, and never asks it about a connection.
 */
export class GatewayAgent {
  readonly #parts: AgentParts;
  readonly #compiler = new Compiler();
  readonly #stop = new AbortController();
  /** What the server was told last. */
  readonly #reported = new Map<EndpointId, EndpointFigures>();
  readonly #refusals: RefusalOutbox;
  /** What is to be in force. */
  #snapshot: Snapshot | undefined;
  /** What is in force and on disk: all that the server is ever told. */
  #settled: KnownSnapshot | null = null;
  /** Of the requests that made the snapshot, until it has been applied. */
  #requestIds: readonly string[] = [];
  #last: Omit<ApplyReport, "news"> & { readonly applyMs: number } = nothingApplied;
  /** What the engine was still finding out when it applied last. */
  #news: Promise<void> | undefined;
  /** Until the next time at which something is to become of sessions on draining nodes. */
  #nextTurn: NodeJS.Timeout | undefined;
  #client: ServerClient | undefined;
  /** Applies run one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #serverInstance: string | undefined;
  /** What the server wanted last. */
  #logLevel: LogLevel | undefined;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#refusals = new RefusalOutbox((most) => parts.engine.takeRefusals(most));
  }

  /** What is to be in force; undefined before the first. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Brings about the last good snapshot. Returns whether there is one. */
  async start(): Promise<boolean> {
    const snapshot = await this.#parts.file.read();
    if (!snapshot) return false;
    await this.#take(snapshot, "from disk");
    return true;
  }

  /** Follows the server until `close`; outlives every failure of it. */
  async follow(client: ServerClient): Promise<void> {
    this.#client = client;
    await Promise.all([this.#poll(client), this.#heartbeat(client), this.#retryFailures()]);
  }

  /** Nodes have come or gone: the same snapshot, compiled anew. */
  nodesChanged(): void {
    // A failure is logged where it happens, and the next change tries again.
    this.#enqueue(() => this.#apply()).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#nextTurn);
    this.#parts.health.close();
    await this.#queue;
    await this.#parts.names.close();
    await this.#parts.engine.close();
  }

  async #poll(client: ServerClient): Promise<void> {
    const { signal } = this.#stop;
    const backoff = new Backoff(firstRetryMs, mostRetryMs);
    while (!signal.aborted) {
      try {
        const arrived = await client.nextSnapshot(this.#settled, signal);
        this.#parts.observer?.heardFromServer();
        if (arrived) {
          await this.#take(arrived.snapshot, "from server", arrived.requestIds);
          await this.#report(client);
        }
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.log.debug({ err: error }, "no new snapshot; going on as before");
        await delay(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #heartbeat(client: ServerClient): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(heartbeatMs, undefined, { signal }).catch(() => undefined);
      // A failure shows in the poll, which logs it; the next heartbeat brings what this one did not.
      if (!signal.aborted) await this.#report(client).catch(() => undefined);
    }
  }

  async #retryFailures(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(retryFailuresMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted && this.#last.failures.length > 0) {
        await this.#enqueue(() => this.#apply()).catch(() => undefined);
      }
    }
  }

  async #take(
    snapshot: Snapshot,
    origin: "from disk" | "from server",
    requestIds: readonly string[] = [],
  ): Promise<void> {
    await this.#enqueue(async () => {
      this.#requestIds = requestIds;
      this.#snapshot = keepEntries(this.#snapshot, snapshot);
      this.#parts.health.watch(snapshot);
      this.#last = nothingApplied;
      // Durable before it is reported: a restart must never fall back behind what the server was told.
      const persisted = origin === "from server" ? this.#parts.file.write(snapshot) : Promise.resolve();
      // Not before both are over, whatever becomes of one: the next write goes through the same temporary file.
      const over = await Promise.allSettled([this.#apply(), persisted]);
      for (const each of over) if (each.status === "rejected") throw each.reason;
      this.#settled = snapshot;
      this.#parts.observer?.settled(snapshot.revision);
    });
    this.#parts.onApplied(snapshot.revision);
  }

  async #apply(): Promise<void> {
    const { engine, health, names, log } = this.#parts;
    const snapshot = this.#snapshot;
    if (!snapshot) return;
    const startedAt = performance.now();
    const now = this.#parts.clock.now();
    const { endpoints, networks } = this.#compiler.compile(snapshot, (node) => health.shareOf(node), now);
    this.#applyAgainAt(nextTurnOf(snapshot, now), now);
    const report = await engine.apply(endpoints, networks);
    // Afterwards: a name is never there before its endpoint is.
    await names.apply(snapshot, report);
    const applyMs = Math.round((performance.now() - startedAt) * 100) / 100;
    const severedSessions = this.#last.severedSessions + report.severedSessions;
    const { failures, coming = [] } = report;
    this.#last = { severedSessions, failures, coming, applyMs };
    this.#parts.observer?.applied({
      durationMs: applyMs,
      severedSessions: report.severedSessions,
      failures: failures.length,
    });
    log.info(
      {
        revision: snapshot.revision,
        ...(this.#requestIds.length > 0 ? { requestIds: this.#requestIds } : {}),
        applyMs,
        severedSessions,
        failures: failures.length,
        coming: coming.length,
      },
      "snapshot applied",
    );
    this.#requestIds = [];
    this.#await(report.news);
  }

  /** Sessions of draining nodes have their end at times that the snapshot says, whether the server is there or not. */
  #applyAgainAt(at: Timestamp | undefined, now: Timestamp): void {
    clearTimeout(this.#nextTurn);
    if (at === undefined || this.#stop.signal.aborted) return;
    this.#nextTurn = setTimeout(() => this.nodesChanged(), Math.min(at - now, longestTimerMs));
    this.#nextTurn.unref();
  }

  /** Applies again when the engine has found out more. Only the last apply's news count: the next one has its own. */
  #await(news: Promise<void> | undefined): void {
    this.#news = news;
    void news?.then(() => {
      if (this.#news !== news || this.#stop.signal.aborted) return;
      // What fails here is logged, and tried again with the next change; the next heartbeat tells what this did not.
      this.#applyNews().catch(() => undefined);
    });
  }

  async #applyNews(): Promise<void> {
    await this.#enqueue(() => this.#apply());
    if (this.#client) await this.#report(this.#client);
  }

  /** Sends what is in force now, with the figures that changed since the server last heard of them. */
  async #report(client: ServerClient): Promise<void> {
    if (this.#settled === null) return;
    const { endpoints, gone } = this.#newsOf(this.#parts.engine.figures());
    const onNodes = await this.#parts.engine.figuresByNode();
    const refusals = this.#refusals.next();
    const report: GatewayReport = {
      appliedRevision: this.#settled.revision,
      lineage: this.#settled.lineage ?? "",
      severedSessions: this.#last.severedSessions,
      applyMs: this.#last.applyMs,
      pid: process.pid,
      engines: this.#parts.engine.kinds,
      failures: this.#last.failures,
      coming: this.#last.coming ?? [],
      nodes: this.#parts.health.report(),
      ...(onNodes ? { nodeSessions: [...onNodes].map(([nodeId, figures]) => ({ nodeId, ...figures })) } : {}),
      endpoints,
      gone,
      ...(refusals && { refusals }),
    };
    const { instance, logLevel } = await client.report(report, this.#stop.signal);
    this.#refusals.acknowledge(refusals);
    if (logLevel !== this.#logLevel) {
      this.#logLevel = logLevel;
      this.#parts.onLogLevel?.(logLevel);
    }
    if (instance !== this.#serverInstance) {
      // This server process has heard nothing before: everything is news to it.
      this.#reported.clear();
      this.#serverInstance = instance;
      return;
    }
    for (const told of endpoints) this.#reported.set(told.endpointId, told);
    for (const id of gone) this.#reported.delete(id);
  }

  /** Returns what of the figures is news to the server, and the endpoints that it was told of and that are no more. */
  #newsOf(all: readonly EndpointFigures[]): Pick<GatewayReport, "endpoints" | "gone"> {
    let known = 0;
    const endpoints = all.filter((figures) => {
      const told = this.#reported.get(figures.endpointId);
      if (told) known += 1;
      return !isSameJson(told, figures);
    });
    if (known === this.#reported.size) return { endpoints, gone: [] };
    const present = new Set(all.map(({ endpointId }) => endpointId));
    return { endpoints, gone: [...this.#reported.keys()].filter((id) => !present.has(id)) };
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const next = this.#queue.then(work);
    // The caller of this piece hears of its failure; the pieces behind it go on.
    this.#queue = next.catch((error: unknown) => {
      this.#parts.log.error({ err: error }, "applying the snapshot failed");
      this.#parts.observer?.applyFailed();
    });
    return next;
  }
}

/** Returns when something else is to become of sessions on a draining node next. */
function nextTurnOf({ services }: Snapshot, now: Timestamp): Timestamp | undefined {
  let next: Timestamp | undefined;
  for (const { drain } of services.flatMap(({ nodes }) => nodes)) {
    const at = drain && nextFateAt(drain, now);
    if (at !== undefined) next = Math.min(at, next ?? at);
  }
  return next;
}
