import type { Cluster, EndpointService, Tag } from "../../domain/resources.ts";
import { portsOf } from "../../domain/service-ports.ts";
import { renderTime } from "../css/render-connections.ts";

/** An endpoint service as its owner sees it (contract sections 3.2 and 3.3). */
export function renderService(service: EndpointService, cluster: Cluster): object {
  return {
    id: service.id,
    port_id: cluster.id,
    vpc_id: cluster.vpcId,
    status: "available",
    approval_enabled: service.approvalEnabled,
    service_name: service.name,
    service_type: "interface",
    server_type: "LB",
    project_id: service.projectId,
    created_at: renderTime(service.createdAt),
    updated_at: renderTime(service.updatedAt),
    ports: portsOf(service, cluster).map(({ clientPort, serverPort }) => ({
      client_port: clientPort,
      server_port: serverPort,
      protocol: "TCP",
    })),
    tcp_proxy: "close",
    tags: renderTags(service.tags),
    description: service.description,
    enable_policy: false,
    ip_version: "ipv4",
    cidr_type: "internal",
    supported_editions: service.professional ? ["basic", "profession"] : ["basic"],
  };
}

/** An endpoint service as anybody sees it who may connect to it. */
export function renderOffer(service: EndpointService): object {
  return {
    id: service.id,
    service_name: service.name,
    service_type: "interface",
    created_at: renderTime(service.createdAt),
    is_charge: false,
    enable_policy: false,
  };
}

export function renderTags(tags: readonly Tag[]): readonly Tag[] {
  return tags.map(({ key, value }) => ({ key, value }));
}
