import { poolLevel, type PoolLevel } from "../domain/conditions.ts";
import type { ProjectId } from "../domain/ids.ts";
import { poolOf, poolSize } from "../domain/pool.ts";
import type { PoolUse, Store } from "../domain/store.ts";
import { parseIpv4Prefix } from "../lib/ipv4.ts";
import type { GatewayWatch } from "./gateway-watch.ts";
import { keyOf, type Observation } from "./observations.ts";

/** Pools are looked at this long after something happened, so that many changes are one look. */
const pauseMs = 2_000;

/** Watches how many addresses subnets have left. */
export class PoolWatch {
  readonly #store: Store;
  readonly #watch: GatewayWatch;
  readonly #onError: (error: unknown) => void;
  #changed = new Set<ProjectId>();
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(store: Store, watch: GatewayWatch, onError: (error: unknown) => void) {
    this.#store = store;
    this.#watch = watch;
    this.#onError = onError;
  }

  /** Looks at all pools: what an earlier process did not come to, this one finds. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#store.onEvents(({ projects }) => {
      for (const project of projects) this.#changed.add(project);
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        const changed = this.#changed;
        this.#changed = new Set();
        this.look(changed).catch(this.#onError);
      }, pauseMs);
    });
    await this.look();
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  /** @param projects whose subnets; all where it is left out */
  async look(projects?: ReadonlySet<ProjectId>): Promise<void> {
    const uses = await this.#store.networks.poolUse(projects);
    await this.#watch.observed(uses.flatMap((use) => this.#observe(use)));
  }

  #observe({ subnetId, cidr, used }: PoolUse): readonly Observation[] {
    const prefix = parseIpv4Prefix(cidr);
    if (!prefix) return [];
    const key = keyOf("pool", `subnet/${subnetId}`);
    const before = (this.#watch.seen(key) ?? "enough") as PoolLevel;
    return [{ key, seen: poolLevel(used, poolSize(poolOf(prefix)), before), normal: "enough" }];
  }
}
