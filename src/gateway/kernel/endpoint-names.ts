import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId, VpcId } from "../../domain/ids.ts";
import { listDifference } from "../../lib/list-difference.ts";

/** Which endpoint a flow's mark stands for. */
export interface EndpointName {
  readonly endpointId: EndpointId;
  readonly network: VpcId;
}

/** The kernel tells of the last flows of a removed endpoint a moment after it is removed. */
const rememberMs = 60_000;

/** The endpoints by their numbers, also those that have just been removed. */
export class EndpointNames {
  readonly #now: () => number;
  readonly #present = new Map<number, EndpointName>();
  #desired: readonly DesiredEndpoint[] = [];
  readonly #gone = new Map<number, EndpointName & { readonly until: number }>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** These are the endpoints from now on; those that were are remembered for a minute. */
  learn(desired: readonly DesiredEndpoint[]): void {
    const now = this.#now();
    for (const [number, { until }] of this.#gone) if (until <= now) this.#gone.delete(number);
    const { gone, came } = listDifference(this.#desired, desired);
    this.#desired = desired;
    for (const { id, kernel } of gone) {
      if (!kernel) continue;
      this.#present.delete(kernel.number);
      this.#gone.set(kernel.number, { endpointId: id, network: kernel.network, until: now + rememberMs });
    }
    for (const { id, kernel } of came) {
      if (!kernel) continue;
      this.#present.set(kernel.number, { endpointId: id, network: kernel.network });
      this.#gone.delete(kernel.number);
    }
  }

  /** Undefined for a mark that is no endpoint's. */
  nameOf(mark: number): EndpointName | undefined {
    return this.#present.get(mark) ?? this.#gone.get(mark);
  }

  /** Of those that are there. It looks at every endpoint for it. */
  numbersOf(endpoints: readonly EndpointId[]): ReadonlySet<number> {
    const wanted = new Set(endpoints);
    const found = [...this.#present].filter(([, { endpointId }]) => wanted.has(endpointId));
    return new Set(found.map(([number]) => number));
  }

  /** Undefined for an endpoint that is not there. */
  numberOf(endpointId: EndpointId): number | undefined {
    for (const [number, name] of this.#present) if (name.endpointId === endpointId) return number;
    return undefined;
  }
}
