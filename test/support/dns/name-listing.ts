import { ok } from "../service.ts";
import type { NameWorld } from "./name-world.ts";

type World = Pick<NameWorld, "services" | "networks">;

interface OfConnection {
  readonly id: string;
  readonly status: string;
  readonly vpcepIp: string;
  readonly vpcepIpv6Address?: string;
  readonly vpcepDnsName?: string;
}

interface OfEndpoint {
  readonly id: string;
  readonly status: string;
  readonly ip?: string;
  readonly ipv6_address?: string;
  readonly dns_names?: readonly string[];
}

const unknown = "-";

/** Names as both APIs show them now, with the addresses beside them: to owners of open services, and to consumers. */
export async function addressesShown({ services, networks }: World): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { service, isOpen } of services) {
    if (!isOpen) continue;
    const { connections } = await service.connections();
    for (const each of connections as readonly OfConnection[]) {
      const { id, status, vpcepIp, vpcepIpv6Address = unknown, vpcepDnsName = unknown } = each;
      lines.push(`owner: ${id} ${status} ${vpcepIp} ${vpcepIpv6Address} ${vpcepDnsName}`);
    }
  }
  for (const consumer of new Set(networks.map((network) => network.consumer))) {
    type Listed = { readonly endpoints: readonly OfEndpoint[] };
    const { endpoints } = ok(await consumer.api<Listed>("GET", "/v1/{pid}/vpc-endpoints?limit=1000"));
    for (const { id, status, ip = unknown, ipv6_address: ip6 = unknown, dns_names: names } of endpoints)
      lines.push(`consumer: ${id} ${status} ${ip} ${ip6} ${names?.join(" ") ?? unknown}`);
  }
  return lines.toSorted();
}

/** What they have to show. */
export function addressesExpected({ endpoints }: Pick<NameWorld, "endpoints">): readonly string[] {
  const lines = endpoints
    .filter(({ isDeleted }) => !isDeleted)
    .flatMap(({ id, of, status, ip, ip6 = unknown, dnsName }) => {
      // Consumers are not told of addresses that their owner has not decided on.
      const addresses = status === "pendingAcceptance" ? `${unknown} ${unknown}` : `${ip} ${ip6}`;
      const shown = [`consumer: ${id} ${status} ${addresses} ${dnsName}`];
      return of.isOpen ? [...shown, `owner: ${id} ${status} ${ip} ${ip6} ${dnsName}`] : shown;
    });
  return lines.toSorted();
}
