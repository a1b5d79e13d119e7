import { buildSnapshot, type NamePlace } from "../domain/build-snapshot.ts";
import type { GatewayId } from "../domain/ids.ts";
import type { Store } from "../domain/store.ts";

/** Serves every gateway the snapshot that it does not have yet, by long poll. */
export class SnapshotFeed {
  readonly #store: Store;
  readonly #place: NamePlace;
  readonly #unseal: (sealed: string) => string;
  #latest: { readonly gatewayId: GatewayId; readonly revision: number; readonly text: string } | undefined;

  constructor(store: Store, place: NamePlace, unseal: (sealed: string) => string) {
    this.#store = store;
    this.#place = place;
    this.#unseal = unseal;
  }

  /**
   * Returns the current snapshot as JSON once its revision differs from `known`, or undefined when nothing new came
   * within `waitMs`. "Differs", not "is greater": after a restore from a backup the server may be behind.
   */
  async next(
    gatewayId: GatewayId,
    known: number | null,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (this.#store.revision === known && !(await this.#changed(waitMs, signal))) return undefined;
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

  async #snapshot(gatewayId: GatewayId): Promise<string> {
    const latest = this.#latest;
    if (latest?.revision === this.#store.revision && latest.gatewayId === gatewayId) return latest.text;
    const state = await this.#store.read((tx) => tx.desiredState());
    const text = JSON.stringify(buildSnapshot(state, gatewayId, this.#place, this.#unseal));
    this.#latest = { gatewayId, revision: state.revision, text };
    return text;
  }
}
