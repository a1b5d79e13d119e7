import type { DesiredEndpoint, DesiredNetwork } from "../domain/desired.ts";
import type { EndpointId, NodeId } from "../domain/ids.ts";
import type { RefusalRecord } from "../domain/refusal-record.ts";
import { sumByNode } from "../domain/node-figures.ts";
import {
  zeroFigures,
  type EndpointFailure,
  type EndpointFigures,
  type EngineKind,
  type NodeFigures,
} from "../domain/report.ts";
import type { Logger } from "../lib/log.ts";
import type { ApplyReport, Engine } from "./engine.ts";
import {
  mergeSessions,
  type SessionKey,
  type SessionList,
  type SessionQuery,
} from "../domain/live-session.ts";

export interface CompositeEngineParts {
  /** Carries loopback networks. */
  readonly proxy: Engine;
  /** Starts what carries all others. Called when the first of them appears, and again until it succeeds. */
  readonly startKernelEngine: () => Promise<Engine>;
  /** Whether an earlier gateway process carried networks: what it left in the kernel has to be taken over, or swept. */
  readonly hasPredecessor: boolean;
  readonly log: Pick<Logger, "warn">;
}

/** Longest reason that a failure quotes: a report has room for so much. */
const longestReason = 800;
const noFigures: ReadonlyMap<NodeId, NodeFigures> = new Map();
const nothing: ApplyReport = { severedSessions: 0, failures: [] };

/**
 * Gives each endpoint to the engine for its network. A host on which the kernel engine cannot start goes on with its
 * loopback networks, and every other endpoint is a failure that says why.
 */
export class CompositeEngine implements Engine {
  readonly #parts: CompositeEngineParts;
  #kernel: Engine | undefined;
  /** Endpoints that wait for the kernel engine. */
  #waiting: readonly EndpointId[] = [];
  #lastProblem: string | undefined;

  constructor(parts: CompositeEngineParts) {
    this.#parts = parts;
  }

  /** See {@link Engine.apply}. @throws what either engine throws, once both have ended */
  async apply(
    desired: readonly DesiredEndpoint[],
    networks: readonly DesiredNetwork[],
  ): Promise<ApplyReport> {
    const ofLoopback = desired.filter(({ kernel }) => kernel === undefined);
    const ofKernel = desired.filter(({ kernel }) => kernel !== undefined);
    const outcomes = await Promise.allSettled([
      this.#parts.proxy.apply(ofLoopback, []),
      this.#applyKernel(ofKernel, networks),
    ]);
    const reports = outcomes.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    });
    const coming = reports.flatMap((report) => report.coming ?? []);
    const resolvers = reports.flatMap((report) => report.resolvers ?? []);
    const news = reports.flatMap((report) => report.news ?? []);
    return {
      severedSessions: reports.reduce((sum, { severedSessions }) => sum + severedSessions, 0),
      failures: reports.flatMap(({ failures }) => failures),
      ...(coming.length > 0 ? { coming } : {}),
      ...(news.length > 0 ? { news: Promise.race(news) } : {}),
      ...(resolvers.length > 0 ? { resolvers } : {}),
    };
  }

  figures(): readonly EndpointFigures[] {
    const ofKernel = this.#kernel?.figures() ?? this.#waiting.map(zeroFigures);
    return [...this.#parts.proxy.figures(), ...ofKernel];
  }

  takeRefusals(most: number): readonly RefusalRecord[] {
    const ofProxy = this.#parts.proxy.takeRefusals(most);
    if (ofProxy.length >= most) return ofProxy;
    return [...ofProxy, ...(this.#kernel?.takeRefusals(most - ofProxy.length) ?? [])];
  }

  async figuresByNode(): Promise<ReadonlyMap<NodeId, NodeFigures> | undefined> {
    const [ofProxy, ofKernel] = await Promise.all([
      this.#parts.proxy.figuresByNode(),
      // What a kernel carries whose engine has not started cannot be known.
      this.#kernel ? this.#kernel.figuresByNode() : this.#waiting.length > 0 ? undefined : noFigures,
    ]);
    return ofProxy && ofKernel && sumByNode([ofProxy, ofKernel]);
  }

  async sessions(query: SessionQuery): Promise<SessionList> {
    const lists = await Promise.all(this.#engines.map((engine) => engine.sessions(query)));
    return mergeSessions(lists, query);
  }

  async end(endpointId: EndpointId, session: SessionKey): Promise<boolean> {
    const ends = await Promise.all(this.#engines.map((engine) => engine.end(endpointId, session)));
    return ends.includes(true);
  }

  get kinds(): readonly EngineKind[] {
    return this.#engines.flatMap(({ kinds }) => kinds);
  }

  /** Those that run. */
  get #engines(): readonly Engine[] {
    return [this.#parts.proxy, ...(this.#kernel ? [this.#kernel] : [])];
  }

  async close(): Promise<void> {
    await Promise.all([this.#parts.proxy.close(), this.#kernel?.close()]);
  }

  async #applyKernel(
    desired: readonly DesiredEndpoint[],
    networks: readonly DesiredNetwork[],
  ): Promise<ApplyReport> {
    // Once started it hears of everything, so of the last network's end too.
    if (this.#kernel) return this.#kernel.apply(desired, networks);
    this.#waiting = desired.map(({ id }) => id);
    if (networks.length === 0 && !this.#parts.hasPredecessor) return nothing;
    const kernel = await this.#parts.startKernelEngine().catch((error: unknown) => this.#explain(error));
    if (typeof kernel !== "string") {
      this.#kernel = kernel;
      return kernel.apply(desired, networks);
    }
    return {
      severedSessions: 0,
      failures: desired.map(({ id, address }) => notCarried(id, address, kernel)),
    };
  }

  /** Returns why the kernel engine could not be started. */
  #explain(error: unknown): string {
    const problem = (error instanceof Error ? error.message : String(error)).slice(0, longestReason);
    // It is tried with every change of a node's health: said once is enough.
    if (problem !== this.#lastProblem) {
      this.#parts.log.warn(
        { problem },
        "the kernel engine cannot start; networks that need it carry nothing",
      );
    }
    this.#lastProblem = problem;
    return problem;
  }
}

function notCarried(endpointId: EndpointId, address: string, problem: string): EndpointFailure {
  return {
    endpointId,
    code: "address_unavailable",
    message: `${address}: ${problem} See what the gateway's host lacks: postern gateway --check`,
  };
}
