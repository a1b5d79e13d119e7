import type { Enforcement, GatewayView, LiveView, Outcome, RecentRate } from "../domain/control.ts";
import type { EndpointId, GatewayId, NodeId } from "../domain/ids.ts";
import { addFigures } from "../domain/node-figures.ts";
import type {
  EndpointFigures,
  EngineKind,
  GatewayReport,
  NodeFigures,
  NodeHealth,
} from "../domain/report.ts";
import type { Clock } from "../lib/clock.ts";
import { RecentArrivals } from "./recent-arrivals.ts";

/** A gateway that was silent for longer is not waited for. */
const carryingWithinMs = 5 * 60_000;
/** Long polls last 25 s, reports come every second: silence for longer means that the connection is gone. */
const connectedWithinMs = 5_000;

interface KnownGateway {
  lastSeenAt: number | null;
  appliedRevision: number | null;
  pid: number | null;
  engines: readonly EngineKind[] | null;
  /** Revisions whose endpoints are still being brought up. */
  coming: ReadonlySet<number>;
  readonly endpoints: Map<EndpointId, EndpointFigures>;
  recent: RecentArrivals;
  readonly nodes: Map<NodeId, NodeHealth>;
  /** What goes to nodes; undefined while it has not been counted. */
  nodeFigures: ReadonlyMap<NodeId, NodeFigures> | undefined;
}

interface Waiter {
  readonly revision: number;
  severedSessions: number;
  readonly resolve: (outcome: Outcome) => void;
}

/**
 * Everything that this server process knows of its gateways, in memory: it is rebuilt from their next reports
 * after a restart.
 */
export class GatewayRegistry implements Enforcement, LiveView {
  readonly #clock: Clock;
  readonly #longestWaitMs: number;
  readonly #gateways = new Map<GatewayId, KnownGateway>();
  readonly #waiters = new Set<Waiter>();

  /** @param longestWaitMs how long `reached` waits for gateways, from 0 */
  constructor(clock: Clock, longestWaitMs: number) {
    this.#clock = clock;
    this.#longestWaitMs = longestWaitMs;
  }

  /** Makes a registered gateway known. `lastSeenAt` comes from the store: it may outlive the server. */
  add(id: GatewayId, lastSeenAt: number | null): void {
    if (this.#gateways.has(id)) return;
    this.#gateways.set(id, {
      lastSeenAt,
      appliedRevision: null,
      pid: null,
      engines: null,
      coming: new Set(),
      endpoints: new Map(),
      recent: new RecentArrivals(),
      nodes: new Map(),
      nodeFigures: undefined,
    });
  }

  /** Notes that the gateway asked for a snapshot. */
  seen(id: GatewayId): void {
    const gateway = this.#gateways.get(id);
    if (gateway) gateway.lastSeenAt = this.#clock.now();
  }

  /**
   * Takes over a report, and answers the writes that were waiting for it.
   * @param coming revisions that created endpoints which are not up yet: they are not in force, whatever was applied
   */
  report(id: GatewayId, report: GatewayReport, coming: ReadonlySet<number> = new Set()): void {
    const gateway = this.#gateways.get(id);
    if (!gateway) return;
    const isRestarted = gateway.pid !== report.pid;
    const before = isRestarted ? null : gateway.appliedRevision;
    gateway.lastSeenAt = this.#clock.now();
    gateway.appliedRevision = report.appliedRevision;
    gateway.pid = report.pid;
    gateway.engines = report.engines ?? null;
    gateway.coming = coming;
    if (isRestarted) {
      gateway.endpoints.clear();
      gateway.recent = new RecentArrivals();
    }
    gateway.recent.note(report.endpoints, gateway.endpoints, gateway.lastSeenAt);
    for (const figures of report.endpoints) gateway.endpoints.set(figures.endpointId, figures);
    for (const endpoint of report.gone) gateway.endpoints.delete(endpoint);
    gateway.nodes.clear();
    for (const node of report.nodes) gateway.nodes.set(node.nodeId, node);
    gateway.nodeFigures =
      report.nodeSessions && new Map(report.nodeSessions.map(({ nodeId, ...figures }) => [nodeId, figures]));
    for (const waiter of this.#waiters) {
      // Only the report that reaches the revision tells what it cut: later ones repeat it, or speak of other writes.
      const isReached = (before ?? -1) < waiter.revision && waiter.revision <= report.appliedRevision;
      if (isReached) waiter.severedSessions += report.severedSessions;
    }
    this.#settle();
  }

  reached(revision: number): Promise<Outcome> {
    const carrying = this.#carrying();
    if (carrying.length === 0 || this.#longestWaitMs === 0) {
      return Promise.resolve({ enforced: false, severedSessions: 0 });
    }
    return new Promise((resolve) => {
      const waiter: Waiter = {
        revision,
        severedSessions: 0,
        resolve: (outcome) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(outcome);
        },
      };
      const timer = setTimeout(
        () => waiter.resolve({ enforced: false, severedSessions: waiter.severedSessions }),
        this.#longestWaitMs,
      );
      this.#waiters.add(waiter);
      this.#settle();
    });
  }

  endpoint(id: EndpointId): EndpointFigures | undefined {
    for (const gateway of this.#gateways.values()) {
      const figures = gateway.endpoints.get(id);
      if (figures) return figures;
    }
    return undefined;
  }

  recentRate(id: EndpointId): RecentRate | undefined {
    for (const { recent } of this.#gateways.values()) {
      const found = recent.read(id);
      if (found) return found;
    }
    return undefined;
  }

  /** What each gateway last said of the endpoints that it carries. */
  figures(): readonly EndpointFigures[] {
    return [...this.#gateways.values()].flatMap(({ endpoints }) => [...endpoints.values()]);
  }

  node(id: NodeId): NodeHealth | undefined {
    for (const gateway of this.#gateways.values()) {
      const health = gateway.nodes.get(id);
      if (health) return health;
    }
    return undefined;
  }

  /** What each gateway last said of the nodes that it asks. */
  nodes(): readonly (NodeHealth & { readonly gatewayId: GatewayId })[] {
    return [...this.#gateways].flatMap(([gatewayId, { nodes }]) =>
      [...nodes.values()].map((health) => ({ ...health, gatewayId })),
    );
  }

  nodeFigures(id: NodeId): NodeFigures | null {
    const carrying = this.#carrying();
    if (carrying.length === 0 || carrying.some(({ nodeFigures }) => !nodeFigures)) return null;
    const told = carrying.flatMap(({ nodeFigures }) => nodeFigures?.get(id) ?? []);
    const [first = { sessions: 0 }, ...others] = told;
    return others.reduce(addFigures, first);
  }

  gateways(): readonly GatewayView[] {
    const now = this.#clock.now();
    return [...this.#gateways].map(([id, gateway]) => ({
      id,
      connected: gateway.pid !== null && now - (gateway.lastSeenAt ?? 0) < connectedWithinMs,
      appliedRevision: gateway.appliedRevision,
      pid: gateway.pid,
      engines: gateway.engines,
      lastSeenAt: gateway.lastSeenAt,
    }));
  }

  totalSessions(): number {
    let total = 0;
    for (const gateway of this.#gateways.values()) {
      for (const figures of gateway.endpoints.values()) total += figures.sessions;
    }
    return total;
  }

  #carrying(): readonly KnownGateway[] {
    const oldest = this.#clock.now() - carryingWithinMs;
    return [...this.#gateways.values()].filter((gateway) => (gateway.lastSeenAt ?? 0) > oldest);
  }

  #settle(): void {
    if (this.#waiters.size === 0) return;
    const carrying = this.#carrying();
    const inForce = Math.min(...carrying.map((gateway) => gateway.appliedRevision ?? -1));
    for (const waiter of this.#waiters) {
      const isComing = carrying.some(({ coming }) => coming.has(waiter.revision));
      if (inForce >= waiter.revision && !isComing) {
        waiter.resolve({ enforced: true, severedSessions: waiter.severedSessions });
      }
    }
  }
}
