import type { GatewayView } from "../../domain/control.ts";
import { endpointFamilies, endpointLabels, type EndpointRow } from "../../domain/endpoint-metrics.ts";
import type { GatewayId } from "../../domain/ids.ts";
import type { NodeHealth } from "../../domain/report.ts";
import type { Table } from "../../lib/metrics/family.ts";
import { rowsInTurns } from "../../lib/metrics/rows-in-turns.ts";
import type { GatewayRegistry } from "../gateway-registry.ts";
import type { Inventory, SubnetPool } from "./inventory.ts";

/** Returns what gateways last reported of endpoints; those that none has reported of are left out. */
export function reportedEndpointTable(inventory: Inventory, registry: GatewayRegistry): Table<EndpointRow> {
  return {
    families: endpointFamilies("postern_reported_endpoint"),
    labels: endpointLabels,
    rows: async () =>
      rowsInTurns((await inventory.read()).endpoints, (place) => {
        const figures = registry.endpoint(place.id);
        return figures && { place, figures };
      }),
  };
}

type NodeRow = NodeHealth & { readonly gatewayId: GatewayId };

export function reportedNodeTable(registry: GatewayRegistry): Table<NodeRow> {
  return {
    families: [
      {
        name: "postern_reported_node_healthy",
        help: "Whether a gateway last reported that the node serves: 1 or 0.",
        type: "gauge",
        series: [{ value: ({ healthy }) => Number(healthy) }],
      },
    ],
    rows: () => registry.nodes(),
    labels: ({ gatewayId, nodeId, serviceId }) => [
      ["gateway", gatewayId],
      ["service", serviceId],
      ["node", nodeId],
    ],
  };
}

/** Returns whether gateways are there. @param revision what they are to have in force */
export function gatewayTable(registry: GatewayRegistry): Table<GatewayView> {
  return {
    families: [
      {
        name: "postern_server_gateway_connected",
        help: "Whether a registered gateway was heard of in the last seconds: 1 or 0.",
        type: "gauge",
        series: [{ value: ({ connected }) => Number(connected) }],
      },
    ],
    rows: () => registry.gateways(),
    labels: ({ id }) => [["gateway", id]],
  };
}

type ReportingGateway = GatewayView & { readonly appliedRevision: number };

/** Returns how far gateways are behind; those that this process has not heard of are left out. */
export function revisionTable(registry: GatewayRegistry, revision: () => number): Table<ReportingGateway> {
  return {
    families: [
      {
        name: "postern_server_gateway_applied_revision",
        help: "Revision that a gateway last reported to be in force.",
        type: "gauge",
        series: [{ value: ({ appliedRevision }) => appliedRevision }],
      },
      {
        name: "postern_server_gateway_revision_lag",
        help: "Revisions that a gateway is behind the server.",
        type: "gauge",
        series: [{ value: ({ appliedRevision }) => Math.max(0, revision() - appliedRevision) }],
      },
    ],
    rows: () =>
      registry.gateways().filter((gateway) => gateway.appliedRevision !== null) as ReportingGateway[],
    labels: ({ id }) => [["gateway", id]],
  };
}

export function poolTable(inventory: Inventory): Table<SubnetPool> {
  return {
    families: [
      {
        name: "postern_subnet_pool_addresses",
        help: "IPv4 addresses of a subnet that endpoints may get.",
        type: "gauge",
        series: [{ value: ({ size }) => size }],
      },
      {
        name: "postern_subnet_pool_used_addresses",
        help: "Those of them that endpoints and the network's name server have.",
        type: "gauge",
        series: [{ value: ({ used }) => used }],
      },
    ],
    rows: async () => (await inventory.read()).pools,
    labels: ({ subnetId, vpcId }) => [
      ["network", vpcId],
      ["subnet", subnetId],
    ],
  };
}
