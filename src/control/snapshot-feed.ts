import { buildSnapshot, type SnapshotOrigin } from "../domain/build-snapshot.ts";
import type { GatewayId } from "../domain/ids.ts";
import type { Store } from "../domain/store.ts";

/** What a gateway has already. */
export interface KnownSnapshot {
  readonly revision: number;
  /** Empty where its snapshot had none; undefined where a gateway of an earlier version does not tell. */
  readonly lineage: string | undefined;
}

/** A snapshot as it goes to a gateway. */
export interface RenderedSnapshot {
  readonly revision: number;
  /** JSON. */
  readonly text: string;
}

/** Serves every gateway the snapshot that it does not have yet, by long poll. */
export class SnapshotFeed {
  readonly #store: Store;
  readonly #origin: SnapshotOrigin;
  readonly #unseal: (sealed: string) => string;
  #latest: (RenderedSnapshot & { readonly gatewayId: GatewayId }) | undefined;

  constructor(store: Store, origin: SnapshotOrigin, unseal: (sealed: string) => string) {
    this.#store = store;
    this.#origin = origin;
    this.#unseal = unseal;
  }

  /** Whether revisions of this lineage are comparable with those of the store. A gateway that does not tell is believed. */
  isOwn(lineage: string | undefined): boolean {
    return lineage === undefined || lineage === (this.#origin.lineage ?? "");
  }

  /**
   * Returns the current snapshot once its revision differs from `known`, or undefined when nothing new came within
   * `waitMs`. "Differs", not "is greater", and at once where `known` is of another lineage: after a restore from a
   * backup the server may be behind, or have another revision of the same number.
   */
  async next(
    gatewayId: GatewayId,
    known: KnownSnapshot | null,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<RenderedSnapshot | undefined> {
    const isCurrent = known?.revision === this.#store.revision && this.isOwn(known.lineage);
    if (isCurrent && !(await this.#changed(waitMs, signal))) return undefined;
    return this.#snapshot(gatewayId);
  }

  #changed(waitMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (changed: boolean): void => {
        clearTimeout(timer);
        unsubscribe();
        signal.removeEventListener("abort", onAbort);
        resolve(changed);
      };
      const onAbort = (): void => done(false);
      const unsubscribe = this.#store.onRevision(() => done(true));
      const timer = setTimeout(() => done(false), waitMs);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) done(false);
    });
  }

  async #snapshot(gatewayId: GatewayId): Promise<RenderedSnapshot> {
    const latest = this.#latest;
    if (latest?.revision === this.#store.revision && latest.gatewayId === gatewayId) return latest;
    const state = await this.#store.read((tx) => tx.desiredState());
    const text = JSON.stringify(buildSnapshot(state, gatewayId, this.#origin, this.#unseal));
    const rendered = { gatewayId, revision: state.revision, text };
    this.#latest = rendered;
    return rendered;
  }
}
