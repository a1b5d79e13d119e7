import { fullWeight, type DesiredNode } from "../../domain/desired.ts";
import type { NodeId, ServiceId } from "../../domain/ids.ts";
import type { NodeHealth } from "../../domain/report.ts";
import type { HealthCheck, Snapshot, SnapshotNode } from "../../domain/snapshot.ts";
import { probe } from "../../lib/http-probe.ts";
import { NodeAdmission, type AdmittedNode, type Removal } from "./node-admission.ts";

export interface HealthSettings {
  /** Between two checks of a node that answers, in milliseconds. */
  readonly intervalMs: number;
  /** Between two checks of a node that does not: shorter, so that it comes back soon. */
  readonly retryMs: number;
  readonly timeoutMs: number;
  /** Failures in a row before a node that was healthy is taken out. */
  readonly failuresToRemove: number;
}

export const defaultHealthSettings: HealthSettings = {
  intervalMs: 2_000,
  retryMs: 500,
  timeoutMs: 2_000,
  failuresToRemove: 2,
};

interface Watched {
  readonly serviceId: ServiceId;
  readonly node: SnapshotNode;
  readonly check: HealthCheck;
  /** null until the first check has an answer. */
  healthy: boolean | null;
  detail: string;
  failures: number;
  timer: NodeJS.Timeout | undefined;
  running: boolean;
}

/**
 * Asks every node over HTTP whether it serves. A node counts as healthy when it answers with a status below 500:
 * 401 is an answer too. `onChange` is called whenever a node's share of new sessions has changed.
 */
export class HealthChecker {
  readonly #settings: HealthSettings;
  readonly #onChange: () => void;
  readonly #watched = new Map<NodeId, Watched>();
  readonly #admission = new NodeAdmission();
  #shares: ReadonlyMap<NodeId, number> = new Map();
  /** Until the next time at which a node's share changes by itself. */
  #nextTurn: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(settings: HealthSettings, onChange: () => void) {
    this.#settings = settings;
    this.#onChange = onChange;
  }

  /** Watches exactly the nodes of the snapshot. A node whose address and check are as before keeps what is known of it. */
  watch(snapshot: Snapshot): void {
    const wanted = new Set<NodeId>();
    for (const service of snapshot.services) {
      for (const node of service.nodes) {
        wanted.add(node.id);
        this.#watchNode(service.id, node, service.healthCheck);
      }
    }
    for (const [id, watched] of this.#watched) {
      if (wanted.has(id)) continue;
      clearTimeout(watched.timer);
      this.#watched.delete(id);
    }
    this.#admission.watch(this.#clusters(snapshot));
    this.#decide();
  }

  /** A node's share of new sessions, 0 (none) to `fullWeight`. One that was not checked yet may get sessions. */
  shareOf(id: NodeId): number {
    return this.#shares.get(id) ?? fullWeight;
  }

  /** Whether a node serves; null where no check of it has an answer yet. */
  isHealthy(id: NodeId): boolean | null {
    return this.#watched.get(id)?.healthy ?? null;
  }

  /** Checks a node at once: somebody just failed to reach it. */
  suspect({ id, host, port }: DesiredNode): void {
    for (const watched of this.#watched.values()) {
      const { node } = watched;
      if (id === undefined ? node.host !== host || node.port !== port : node.id !== id) continue;
      this.#admission.connectFailed(node.id, performance.now());
      void this.#check(watched);
    }
    if (this.#decide()) this.#onChange();
  }

  report(): readonly NodeHealth[] {
    return [...this.#watched.values()]
      .filter(({ healthy }) => healthy !== null)
      .map(({ serviceId, node, healthy, detail }) => {
        const removal = this.#admission.removal(node.id);
        return {
          serviceId,
          nodeId: node.id,
          healthy: healthy === true && !removal,
          detail: removal ? describeRemoval(removal, detail) : detail,
        };
      });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#nextTurn);
    for (const watched of this.#watched.values()) clearTimeout(watched.timer);
    this.#watched.clear();
  }

  #watchNode(serviceId: ServiceId, node: SnapshotNode, check: HealthCheck): void {
    const present = this.#watched.get(node.id);
    if (present && placeOf(present.node, present.check) === placeOf(node, check)) return;
    clearTimeout(present?.timer);
    this.#admission.forget(node.id);
    const watched: Watched = {
      serviceId,
      node,
      check,
      healthy: null,
      detail: "not checked yet",
      failures: 0,
      timer: undefined,
      running: false,
    };
    this.#watched.set(node.id, watched);
    void this.#check(watched);
  }

  async #check(watched: Watched): Promise<void> {
    if (watched.running || this.#closed) return;
    watched.running = true;
    clearTimeout(watched.timer);
    const startedAt = performance.now();
    const { healthy, detail } = await this.#ask(watched);
    watched.running = false;
    if (this.#closed || this.#watched.get(watched.node.id) !== watched) return;
    this.#judge(watched, healthy, detail, performance.now() - startedAt);
    const waitMs = healthy ? this.#settings.intervalMs : this.#settings.retryMs;
    watched.timer = setTimeout(() => void this.#check(watched), waitMs);
    // Never the reason for the process to live on.
    watched.timer.unref();
  }

  async #ask({ node, check }: Watched): Promise<{ healthy: boolean; detail: string }> {
    try {
      const { host, port } = node;
      const { status } = await probe({ ...check, host, port }, this.#settings.timeoutMs);
      return { healthy: status < 500, detail: `HTTP ${status}` };
    } catch (error) {
      return { healthy: false, detail: error instanceof Error ? error.message : "no answer" };
    }
  }

  #judge(watched: Watched, healthy: boolean, detail: string, latencyMs: number): void {
    watched.detail = detail;
    watched.failures = healthy ? 0 : watched.failures + 1;
    // One lost answer does not take out a node that served; it takes a second one.
    if (healthy || watched.healthy === null || watched.failures >= this.#settings.failuresToRemove) {
      watched.healthy = healthy;
    }
    this.#admission.checked(watched.node.id, { isAnswered: healthy, latencyMs }, watched.healthy);
    if (this.#decide()) this.#onChange();
  }

  /** Nodes of each cluster. Services of one cluster have the same nodes: they are looked at once. */
  #clusters({ services }: Snapshot): readonly (readonly AdmittedNode[])[] {
    return services.map(({ id, nodes }) =>
      nodes
        .filter((node) => this.#watched.get(node.id)?.serviceId === id)
        .map((node) => ({ id: node.id, isDraining: node.drain !== undefined })),
    );
  }

  /** Returns whether any node's share is another one now. */
  #decide(): boolean {
    const now = performance.now();
    this.#admission.update(now);
    const before = this.#shares;
    this.#shares = this.#admission.shares(now);
    clearTimeout(this.#nextTurn);
    const nextAt = this.#admission.nextTurnAt(now);
    if (nextAt !== undefined && !this.#closed) {
      // A timer may come a millisecond early.
      this.#nextTurn = setTimeout(() => this.#turn(), nextAt - now + 1);
      this.#nextTurn.unref();
    }
    return [...this.#shares].some(([id, share]) => share !== (before.get(id) ?? fullWeight));
  }

  #turn(): void {
    if (this.#decide()) this.#onChange();
  }
}

function describeRemoval({ forMs, reason }: Removal, lastCheck: string): string {
  return `taken out for ${forMs / 1_000} s: ${reason}; last check: ${lastCheck}`;
}

/** Who is asked, and how. */
function placeOf({ host, port }: SnapshotNode, check: HealthCheck): string {
  return JSON.stringify([host, port, check]);
}
