import type { Subnet, Timestamp, Vpc } from "../../domain/resources.ts";
import { ipv4FromNumber, parseIpv4Prefix } from "../../lib/ipv4.ts";
import { ipv6FromNumber, parseIpv6Prefix } from "../../lib/ipv6.ts";

/** A VPC as the published VPC v1 API shows it. */
export function renderVpcV1(vpc: Vpc): object {
  return {
    id: vpc.id,
    name: vpc.name,
    description: "",
    cidr: vpc.cidr,
    status: "OK",
    routes: [],
    enable_shared_snat: false,
    enterprise_project_id: "0",
    tenant_id: vpc.projectId,
    ...times(vpc.createdAt),
  };
}

/** A subnet as the published VPC v1 API shows it. Its id is the network's id, as endpoints want it. */
export function renderSubnetV1(subnet: Subnet): object {
  const prefix = parseIpv4Prefix(subnet.cidr);
  return {
    id: subnet.id,
    name: subnet.name,
    description: "",
    cidr: subnet.cidr,
    gateway_ip: prefix ? ipv4FromNumber(prefix.first + 1) : "",
    status: "ACTIVE",
    vpc_id: subnet.vpcId,
    neutron_network_id: subnet.id,
    neutron_subnet_id: subnet.id,
    dhcp_enable: true,
    ipv6_enable: subnet.cidr6 !== null,
    ...renderNetwork6(subnet.cidr6 ?? ""),
    dnsList: [],
    extra_dhcp_opts: [],
    tenant_id: subnet.projectId,
    ...times(subnet.createdAt),
  };
}

function renderNetwork6(cidr6: string): object {
  const prefix = parseIpv6Prefix(cidr6);
  return prefix ? { cidr_v6: cidr6, gateway_ip_v6: ipv6FromNumber(prefix.first + 1n) } : {};
}

function times(createdAt: Timestamp): { readonly created_at: string; readonly updated_at: string } {
  const time = new Date(createdAt).toISOString().slice(0, 19);
  return { created_at: time, updated_at: time };
}
