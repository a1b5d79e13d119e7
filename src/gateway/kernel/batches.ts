import type { KernelEndpoint } from "./compile.ts";
import type { Turn } from "./tracked.ts";

/** New endpoints that the kernel is told of at once: others have their turn between two such batches. */
const endpointsABatch = 500;

/** What is to become of some endpoints, by their numbers. */
export type Batch = readonly (readonly [number, Turn<KernelEndpoint>])[];

/** The first holds everything that replaces or removes something: new endpoints may come after it, and in turns. */
export function batchesOf(turns: ReadonlyMap<number, Turn<KernelEndpoint>>): readonly Batch[] {
  const fresh = [...turns].filter(([, { before }]) => before === undefined);
  const batches: Batch[] = [[...turns].filter(([, { before }]) => before !== undefined)];
  for (let at = 0; at < fresh.length; at += endpointsABatch)
    batches.push(fresh.slice(at, at + endpointsABatch));
  return fresh.length > endpointsABatch ? batches : [batches.flat()];
}
