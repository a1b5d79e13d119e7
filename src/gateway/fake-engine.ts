import type { DesiredEndpoint, DesiredNetwork } from "../domain/desired.ts";
import type { EndpointId, NodeId } from "../domain/ids.ts";
import type { RefusalReason } from "../domain/refusal.ts";
import {
  zeroFigures,
  type EndpointFailure,
  type EndpointFigures,
  type EngineKind,
  type NodeFigures,
} from "../domain/report.ts";
import type { RefusalRecord } from "../domain/refusal-record.ts";
import { RefusalBook, recordsOf } from "./refusal-book.ts";
import type { ApplyReport, Engine } from "./engine.ts";
import {
  mergeSessions,
  sessionId,
  type LiveSession,
  type SessionKey,
  type SessionList,
  type SessionQuery,
} from "../domain/live-session.ts";

interface Carried {
  desired: DesiredEndpoint;
  sessions: readonly LiveSession[];
  newSessions: number;
  readonly refusals: Record<RefusalReason, number>;
}

/** An engine without a network: it keeps the books of `Engine`'s contract, and sessions are made by `connect`. */
export class FakeEngine implements Engine {
  kinds: readonly EngineKind[] = ["proxy"];
  /** Every list that was applied, oldest first. */
  readonly applied: (readonly DesiredEndpoint[])[] = [];
  /** The networks of the last `apply`. */
  networks: readonly DesiredNetwork[] = [];
  /** Addresses that somebody else holds. */
  readonly taken = new Set<string>();
  closed = false;
  readonly onNodes = new Map<NodeId, NodeFigures>();
  /** Whether a call of `apply` came while another one ran. */
  overlapped = false;
  /** Addresses of which it is still being found out whether they can be brought up. */
  readonly asked = new Set<string>();
  #news = Promise.withResolvers<void>();
  /** How often `apply` still fails as a whole. */
  failures = 0;
  #gate: Promise<void> = Promise.resolve();
  #running = 0;
  readonly #refused = new RefusalBook<EndpointId>();
  readonly #carried = new Map<EndpointId, Carried>();

  /** Makes every `apply` from now on wait. Returns the way to end that. */
  hold(): () => void {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    return () => gate.resolve();
  }

  /** A consumer comes. Returns why he is refused, or null where he is let in. */
  connect(id: EndpointId): RefusalReason | null {
    const carried = this.#carried.get(id);
    if (!carried) throw new Error(`nothing listens for ${id}`);
    const { refusal, nodes, maxSession } = carried.desired;
    const reason =
      refusal ??
      (nodes.length === 0 ? "no_healthy_node" : carried.sessions.length >= maxSession ? "session_cap" : null);
    if (reason) {
      carried.refusals[reason] += 1;
      this.refuse(id, reason);
    } else {
      carried.newSessions += 1;
      carried.sessions = [...carried.sessions, sessionOf(id, carried.newSessions)];
    }
    return reason;
  }

  /** Somebody was refused. */
  refuse(id: EndpointId, reason: RefusalReason): void {
    this.#refused.note(id, reason, "192.0.2.1", Date.now());
  }

  async apply(
    desired: readonly DesiredEndpoint[],
    networks: readonly DesiredNetwork[],
  ): Promise<ApplyReport> {
    if (this.#running > 0) this.overlapped = true;
    this.#running += 1;
    await this.#gate;
    this.#running -= 1;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("the engine failed on purpose");
    }
    this.applied.push(desired);
    this.networks = networks;
    const coming = desired.filter(({ address }) => this.asked.has(address)).map(({ id }) => id);
    return {
      severedSessions: this.#sever(desired),
      failures: this.#bringUp(desired.filter(({ address }) => !this.asked.has(address))),
      ...(coming.length > 0 ? { coming, news: this.#news.promise } : {}),
    };
  }

  /** Nobody has the address: it can be brought up. */
  finds(address: string): void {
    this.asked.delete(address);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  figures(): readonly EndpointFigures[] {
    return [...this.#carried].map(([endpointId, { sessions, newSessions, refusals }]) => ({
      endpointId,
      sessions: sessions.length,
      newSessions,
      bytesIn: newSessions * 100,
      bytesOut: newSessions * 1000,
      refusals: { ...refusals },
    }));
  }

  figuresByNode(): Promise<ReadonlyMap<NodeId, NodeFigures>> {
    return Promise.resolve(this.onNodes);
  }

  takeRefusals(most: number): readonly RefusalRecord[] {
    return recordsOf(this.#refused.take(most), (id) => id);
  }

  sessions({ endpoints, ...query }: SessionQuery): Promise<SessionList> {
    const lists = [...this.#carried]
      .filter(([id]) => endpoints === undefined || endpoints.includes(id))
      .map(([, { sessions }]) => ({ total: sessions.length, sessions }));
    return Promise.resolve(mergeSessions(lists, query));
  }

  end(endpointId: EndpointId, session: SessionKey): Promise<boolean> {
    const carried = this.#carried.get(endpointId);
    const rest = carried?.sessions.filter((one) => sessionId(one) !== sessionId(session));
    const isThere = carried?.sessions.length !== rest?.length;
    if (carried && rest) carried.sessions = rest;
    return Promise.resolve(isThere);
  }

  close(): Promise<void> {
    this.closed = true;
    this.#carried.clear();
    return Promise.resolve();
  }

  #sever(desired: readonly DesiredEndpoint[]): number {
    const wanted = new Map(desired.map((endpoint) => [endpoint.id, endpoint]));
    let severed = 0;
    for (const [id, carried] of this.#carried) {
      const endpoint = wanted.get(id);
      if (endpoint?.refusal === null) continue;
      severed += carried.sessions.length;
      carried.sessions = [];
      if (!endpoint) this.#carried.delete(id);
    }
    return severed;
  }

  #bringUp(desired: readonly DesiredEndpoint[]): readonly EndpointFailure[] {
    const failures: EndpointFailure[] = [];
    for (const endpoint of desired) {
      const carried = this.#carried.get(endpoint.id);
      if (carried) carried.desired = endpoint;
      else if (this.taken.has(endpoint.address)) {
        failures.push({
          endpointId: endpoint.id,
          code: "port_taken",
          message: `${endpoint.address} is taken`,
        });
      } else {
        this.#carried.set(endpoint.id, {
          desired: endpoint,
          sessions: [],
          newSessions: 0,
          refusals: { ...zeroFigures(endpoint.id).refusals },
        });
      }
    }
    return failures;
  }
}

/** The nth one of an endpoint; later ones are newer. */
function sessionOf(endpointId: EndpointId, n: number): LiveSession {
  const source = { host: "192.0.2.1", port: 40_000 + n };
  const carried = { bytesIn: 100, bytesOut: 1_000, idleMs: 0, state: "established" } as const;
  return { endpointId, source, clientPort: 9200, startedAt: n, ...carried };
}
