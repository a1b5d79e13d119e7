import type { LiveView } from "../domain/control.ts";
import type { EndpointId, NodeId, ProjectId } from "../domain/ids.ts";
import { zeroFigures, type EndpointFigures } from "../domain/report.ts";
import type { Cluster } from "../domain/resources.ts";
import type { Store } from "../domain/store.ts";
import { renderFigures } from "./postern/render-figures.ts";
import { renderNode } from "./postern/render.ts";

/** Of one project; of what is beyond, nobody follows the figures. */
const mostEndpoints = 10_000;
const mostClusters = 100;
const perMessage = 200;

/** Somebody who follows the figures of a project. */
export interface FigureWish {
  readonly projectId: ProjectId;
  /** Whether he has taken what he was sent: who has not is told the latest once he has. */
  readonly isReady: () => boolean;
  readonly send: (text: string) => void;
}

interface Follower extends FigureWish {
  /** As last told; who is not in it has none. */
  readonly figures: Map<EndpointId, EndpointFigures>;
  readonly nodes: Map<NodeId, string>;
}

/** Whose figures are told in a project: of endpoints that it owns or consumes, and of its own nodes. */
interface Scope {
  readonly endpoints: ReadonlySet<EndpointId>;
  readonly clusters: readonly Cluster[];
}

/** Tells followers what changed of figures and nodes, every now and then; nothing is kept for who was not there. */
export class LiveFigures {
  readonly #store: Store;
  readonly #live: LiveView;
  readonly #everyMs: number;
  readonly #followers = new Set<Follower>();
  /** Of the current revision. */
  readonly #scopes = new Map<ProjectId, Promise<Scope>>();
  #scopesRevision = -1;
  #timer: NodeJS.Timeout | undefined;

  /** @param everyMs time between two looks, in milliseconds from 1 */
  constructor(store: Store, live: LiveView, everyMs: number) {
    this.#store = store;
    this.#live = live;
    this.#everyMs = everyMs;
  }

  /** Tells everything there is soon, and then what changes. @returns what ends it */
  follow(wish: FigureWish): () => void {
    const follower = { ...wish, figures: new Map(), nodes: new Map() };
    this.#followers.add(follower);
    this.#timer ??= setInterval(() => {
      for (const one of this.#followers) void this.#tell(one);
    }, this.#everyMs);
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#scopes.clear();
    };
  }

  async #tell(follower: Follower): Promise<void> {
    if (!follower.isReady()) return;
    // Where the store fails at the moment, the next turn tells what this one would have.
    const scope = await this.#scope(follower.projectId).catch(() => undefined);
    if (!scope) return;
    this.#tellNodes(follower, scope);
    this.#tellFigures(follower, scope);
  }

  #tellFigures(follower: Follower, { endpoints }: Scope): void {
    const { figures } = follower;
    for (const id of figures.keys()) if (!endpoints.has(id)) figures.delete(id);
    const changed = [...endpoints].filter((id) => this.#live.endpoint(id) !== figures.get(id));
    for (let at = 0; at < changed.length && follower.isReady(); at += perMessage) {
      const told = changed.slice(at, at + perMessage).map((id) => {
        const now = this.#live.endpoint(id);
        if (now) figures.set(id, now);
        else figures.delete(id);
        return { endpoint: id, ...renderFigures(now ?? zeroFigures(id)) };
      });
      follower.send(frameOf("figures", { endpoints: told }));
    }
  }

  #tellNodes(follower: Follower, { clusters }: Scope): void {
    const before = new Map(follower.nodes);
    follower.nodes.clear();
    const changed: object[] = [];
    for (const cluster of clusters) {
      for (const node of cluster.nodes) {
        const shown = { cluster: cluster.id, ...renderNode(cluster, node, this.#live) };
        const text = JSON.stringify(shown);
        follower.nodes.set(node.id, text);
        if (before.get(node.id) !== text) changed.push(shown);
      }
    }
    if (changed.length > 0) follower.send(frameOf("nodes", { nodes: changed }));
  }

  /** Those of one project share one look, until something is written. */
  #scope(project: ProjectId): Promise<Scope> {
    if (this.#scopesRevision !== this.#store.revision) this.#scopes.clear();
    this.#scopesRevision = this.#store.revision;
    const known = this.#scopes.get(project);
    if (known) return known;
    const scope = this.#readScope(project);
    this.#scopes.set(project, scope);
    // What failed is looked for anew.
    scope.catch(() => this.#scopes.delete(project));
    return scope;
  }

  #readScope(project: ProjectId): Promise<Scope> {
    return this.#store.read(async ({ endpoints, services, clusters }) => {
      const ids = new Set((await endpoints.allOfProject(project)).map(({ id }) => id));
      for (const { id: service } of await services.allOfProject(project)) {
        if (ids.size >= mostEndpoints) break;
        const { items } = await endpoints.listByService(service, { offset: 0, limit: mostEndpoints });
        for (const { id } of items) ids.add(id);
      }
      const { items } = await clusters.list(project, {}, { offset: 0, limit: mostClusters });
      return { endpoints: new Set([...ids].slice(0, mostEndpoints)), clusters: items };
    });
  }
}

/** Without an id: who comes back does not ask for what was before. */
function frameOf(event: "figures" | "nodes", data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
