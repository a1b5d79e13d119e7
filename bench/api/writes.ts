import { median } from "../result.ts";
import type { System } from "./system.ts";

const atOnce = 32;

export interface Creations {
  /** Path of the list that the endpoints are on. */
  readonly list: string;
  readonly perSecond: number;
  /** From the request to the answer, which comes once the gateway has the endpoint in force. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

/**
 * Opens a cluster and creates endpoints until it has `connections` of them; each is durable, and carried by the
 * gateway, before its creation is answered.
 * @throws where a creation is refused, or was answered before the gateway had it
 */
export async function createEndpoints(
  system: System,
  nodeUrl: string,
  connections: number,
): Promise<Creations> {
  const cluster = await system.register("reads", nodeUrl);
  const service = `/v1.0/{pid}/clusters/${cluster}/vpcepservice`;
  await system.call("POST", `${service}/open`, {});
  const opened = JSON.parse(await system.call("GET", `${service}/connections`)) as { vpcServiceName: string };
  // Opening has made the first one.
  let left = connections - 1;
  const times: number[] = [];
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const startedAt = performance.now();
      await system.enforced("POST", "/postern/v1/{pid}/endpoints", { service: opened.vpcServiceName });
      times.push(performance.now() - startedAt);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = (performance.now() - startedAt) / 1_000;
  const sorted = times.toSorted((a, b) => a - b);
  return {
    list: `${service}/connections`,
    perSecond: times.length / seconds,
    medianMs: median(times),
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  };
}
