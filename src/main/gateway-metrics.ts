import type { GatewayAgent } from "../gateway/agent.ts";
import type { Engine } from "../gateway/engine.ts";
import type { HealthChecker } from "../gateway/health/health-checker.ts";
import type { GatewayCounts } from "../gateway/metrics/gateway-counts.ts";
import { endpointTable, nodeTable } from "../gateway/metrics/gateway-tables.ts";
import { slices, type Slices } from "../lib/metrics/family.ts";
import { buildInfo, processTable } from "../lib/metrics/plain-families.ts";
import { packageVersion } from "./version.ts";

interface GatewayParts {
  readonly agent: GatewayAgent;
  readonly engine: Engine;
  readonly health: HealthChecker;
}

/** Returns all that a gateway tells of itself, in the order in which it is written. */
export function gatewayMetrics(
  counts: GatewayCounts,
  { agent, engine, health }: GatewayParts,
): readonly Slices[] {
  const sources = {
    snapshot: () => agent.snapshot,
    figures: () => engine.figures(),
    isHealthy: health.isHealthy.bind(health),
  };
  return [
    slices(buildInfo(packageVersion)),
    slices(processTable(counts.families)),
    slices(nodeTable(sources)),
    slices(endpointTable(sources)),
  ];
}
