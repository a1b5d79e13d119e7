import type { GatewayRegistry } from "../control/gateway-registry.ts";
import { Inventory } from "../control/metrics/inventory.ts";
import type { ServerCounts } from "../control/metrics/server-counts.ts";
import {
  gatewayTable,
  poolTable,
  reportedEndpointTable,
  reportedNodeTable,
  revisionTable,
} from "../control/metrics/server-tables.ts";
import type { Store } from "../domain/store.ts";
import { slices, type Slices } from "../lib/metrics/family.ts";
import { buildInfo, plainFamily, processTable } from "../lib/metrics/plain-families.ts";
import { packageVersion } from "./version.ts";

/** Returns all that a server tells of itself, in the order in which it is written. */
export function serverMetrics(
  counts: ServerCounts,
  store: Store,
  registry: GatewayRegistry,
): readonly Slices[] {
  const inventory = new Inventory(store);
  const revision = plainFamily(
    "gauge",
    "postern_server_revision",
    "Revision of the desired state; grows with every write that changes it.",
    () => store.revision,
  );
  return [
    slices(buildInfo(packageVersion)),
    slices(processTable([revision, ...counts.families])),
    slices(counts.answers),
    slices(gatewayTable(registry)),
    slices(revisionTable(registry, () => store.revision)),
    slices(poolTable(inventory)),
    slices(reportedNodeTable(registry)),
    slices(reportedEndpointTable(inventory, registry)),
  ];
}
