import type { GatewayId } from "../domain/ids.ts";
import type { GatewayReport } from "../domain/report.ts";
import type { Gateway } from "../domain/resources.ts";
import type { Store } from "../domain/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { GatewayRegistry } from "./gateway-registry.ts";
import type { GatewayWatch } from "./gateway-watch.ts";
import { settleEndpoints } from "./settle-endpoints.ts";
import { RevisionRequests } from "./revision-requests.ts";
import type { KnownSnapshot, SnapshotFeed } from "./snapshot-feed.ts";

/** `lastSeenAt` is written at most this often: it only has to be right to a few minutes. */
const persistSeenEveryMs = 60_000;

/** What a gateway is to bring about next. */
export interface NextSnapshot {
  /** JSON. */
  readonly text: string;
  /** Of the requests that made what the gateway does not have yet: the newest of them, oldest first. */
  readonly requestIds: readonly string[];
}

/** The server's side of the conversation with gateways. */
export class ControlPlane {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #feed: SnapshotFeed;
  readonly #registry: GatewayRegistry;
  readonly #watch: GatewayWatch;
  readonly #seenPersistedAt = new Map<GatewayId, number>();
  readonly #requests = new RevisionRequests();

  constructor(
    store: Store,
    clock: Clock,
    feed: SnapshotFeed,
    registry: GatewayRegistry,
    watch: GatewayWatch,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#feed = feed;
    this.#registry = registry;
    this.#watch = watch;
    store.onRevision((revision, requestId) => this.#requests.note(revision, requestId));
  }

  /** Loads the registered gateways; to be called once before the API serves. */
  async start(): Promise<void> {
    for (const gateway of await this.#store.gateways.list()) {
      this.#registry.add(gateway.id, gateway.lastSeenAt);
    }
  }

  /** Returns the next snapshot, or undefined when there was nothing new within `waitMs`. */
  async nextSnapshot(
    gateway: Gateway,
    known: KnownSnapshot | null,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<NextSnapshot | undefined> {
    this.#registry.add(gateway.id, gateway.lastSeenAt);
    this.#registry.seen(gateway.id);
    await this.#persistSeen(gateway.id);
    const next = await this.#feed.next(gateway.id, known, waitMs, signal);
    if (!next) return undefined;
    const isComparable = known !== null && this.#feed.isOwn(known.lineage);
    const requestIds = isComparable ? this.#requests.between(known.revision, next.revision) : [];
    return { text: next.text, requestIds };
  }

  /**
   * Takes in a report. Endpoint states are durable before a waiting write is answered. One of another lineage tells
   * nothing of what is in force here but that the gateway is there: writes wait until it has followed.
   */
  async report(gateway: Gateway, report: GatewayReport): Promise<void> {
    if (!this.#feed.isOwn(report.lineage)) {
      this.#registry.add(gateway.id, gateway.lastSeenAt);
      this.#registry.seen(gateway.id);
      return;
    }
    const coming = await settleEndpoints(this.#store, this.#clock, gateway.id, report);
    this.#registry.report(gateway.id, report, coming);
    // Where this fails the gateway hears of it, and reports the same again.
    await this.#watch.report(gateway, report);
    // Afterwards: writes do not wait for it, and a gateway keeps a batch until its report is answered.
    const { refusals } = report;
    if (refusals)
      await this.#store.observe((tx) => tx.refusals.take(gateway.id, refusals, this.#clock.now()));
  }

  async #persistSeen(id: GatewayId): Promise<void> {
    const now = this.#clock.now();
    if (now - (this.#seenPersistedAt.get(id) ?? 0) < persistSeenEveryMs) return;
    this.#seenPersistedAt.set(id, now);
    await this.#store.observe((tx) => tx.gateways.setLastSeen(id, now));
  }
}
