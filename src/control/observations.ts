import { capLevel, type CapLevel } from "../domain/conditions.ts";
import type { EndpointId, NodeId, ServiceId } from "../domain/ids.ts";
import type { EndpointFigures, GatewayReport } from "../domain/report.ts";
import type { Gateway } from "../domain/resources.ts";
import type { Store } from "../domain/store.ts";

/** What was seen of one condition, and as what it is taken where nothing was seen before. */
export interface Observation {
  readonly key: string;
  readonly seen: string;
  readonly normal: string;
}

export type Aspect = "pid" | "silence" | "health" | "nodes" | "cap" | "severed" | "pool";

/** @param details what it takes to tell of it: ids */
export function keyOf(aspect: Aspect, resource: string, ...details: readonly string[]): string {
  return [aspect, resource, ...details].join(" ");
}

type Seen = (key: string) => string | undefined;

/** Sees in reports what conditions are like. */
export class Observer {
  readonly #store: Store;
  readonly #caps = new Map<EndpointId, number>();
  #capsRevision = -1;
  /** Connections that each endpoint has refused for its cap, since the gateway process started. */
  readonly #refused = new Map<EndpointId, number>();

  constructor(store: Store) {
    this.#store = store;
  }

  async observe(gateway: Gateway, report: GatewayReport, seen: Seen): Promise<readonly Observation[]> {
    return [
      { key: keyOf("pid", `gateway/${gateway.id}`), seen: String(report.pid), normal: "" },
      { key: keyOf("silence", `gateway/${gateway.id}`), seen: "heard", normal: "heard" },
      ...nodesOf(gateway, report),
      ...severedOf(gateway, report),
      ...(await this.#capsOf(gateway, report, seen)),
    ];
  }

  async #capsOf(gateway: Gateway, report: GatewayReport, seen: Seen): Promise<readonly Observation[]> {
    for (const id of report.gone) this.#refused.delete(id);
    const told = report.endpoints.map((figures) => ({
      figures,
      key: keyOf("cap", `endpoint/${figures.endpointId}`, gateway.id),
      isRefusing: this.#isRefusing(figures),
    }));
    const weighty = told.filter(
      ({ figures, key, isRefusing }) => figures.sessions > 0 || isRefusing || (seen(key) ?? "0") !== "0",
    );
    const caps = await this.#maxSessions(weighty.map(({ figures }) => figures.endpointId));
    return weighty.flatMap(({ figures, key, isRefusing }) => {
      const maxSession = caps.get(figures.endpointId);
      if (maxSession === undefined) return [];
      const before = (seen(key) ?? "0") as CapLevel;
      return [{ key, seen: capLevel(figures.sessions, maxSession, before, isRefusing), normal: "0" }];
    });
  }

  #isRefusing({ endpointId, refusals }: EndpointFigures): boolean {
    const before = this.#refused.get(endpointId);
    const refused = refusals.session_cap;
    if (before !== undefined || refused > 0) this.#refused.set(endpointId, refused);
    // The first report to this process tells of all times: that it rose is not known.
    return before !== undefined && refused > before;
  }

  async #maxSessions(ids: readonly EndpointId[]): Promise<ReadonlyMap<EndpointId, number>> {
    const { revision } = this.#store;
    if (this.#capsRevision !== revision) this.#caps.clear();
    this.#capsRevision = revision;
    const unknown = ids.filter((id) => !this.#caps.has(id));
    if (unknown.length > 0)
      for (const [id, cap] of await this.#store.endpoints.maxSessions(unknown)) this.#caps.set(id, cap);
    return this.#caps;
  }
}

function nodesOf(gateway: Gateway, { nodes }: GatewayReport): readonly Observation[] {
  const services = new Map<ServiceId, boolean>();
  const found = new Map<NodeId, Observation>();
  for (const { serviceId, nodeId, healthy } of nodes) {
    services.set(serviceId, (services.get(serviceId) ?? false) || healthy);
    const key = keyOf("health", `node/${nodeId}`, gateway.id, serviceId);
    found.set(nodeId, { key, seen: healthy ? "up" : "down", normal: "up" });
  }
  return [
    ...found.values(),
    ...[...services].map(([id, isServed]) => {
      const key = keyOf("nodes", `service/${id}`, gateway.id);
      return { key, seen: isServed ? "some" : "none", normal: "some" };
    }),
  ];
}

/** Counters go with the gateway process, so what is seen names that. */
function severedOf(gateway: Gateway, { pid, endpoints }: GatewayReport): readonly Observation[] {
  return endpoints.flatMap(({ endpointId, severed = 0 }) => {
    const key = keyOf("severed", `endpoint/${endpointId}`, gateway.id);
    return severed === 0 ? [] : [{ key, seen: `${pid}:${severed}`, normal: `${pid}:0` }];
  });
}

/** Returns how many sessions were cut between two observations. */
export function severedBetween(from: string, to: string): number {
  const [[pidBefore, before], [pid, after]] = [from.split(":"), to.split(":")];
  return Number(after) - (pidBefore === pid ? Number(before) : 0);
}
