import { availableParallelism } from "node:os";

/**
 * A load of connections that carry one request each. What a gateway in the kernel does for a packet is done by whoever
 * sent it: a generator with one thread would be what is measured, so it has as many as there are processors.
 */
export function freshConnections(seconds: number): {
  readonly connections: number;
  readonly seconds: number;
  readonly close: true;
  readonly threads: number;
} {
  return { connections: 64, seconds, close: true, threads: availableParallelism() };
}
