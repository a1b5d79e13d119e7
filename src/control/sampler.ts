import { sampleEveryS, type SampleBook } from "../domain/sample-book.ts";
import type { Clock } from "../lib/clock.ts";
import type { GatewayRegistry } from "./gateway-registry.ts";

/** Takes the samples of what gateways report, as long as it runs. */
export class Sampler {
  readonly #timer: NodeJS.Timeout;

  constructor(book: SampleBook, registry: GatewayRegistry, clock: Clock) {
    this.#timer = setInterval(() => book.record(registry.figures(), clock.now()), sampleEveryS * 1_000);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
