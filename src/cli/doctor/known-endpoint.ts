import type { ApiClient, Path } from "../api-client.ts";
import { ApiError } from "../api-error.ts";
import type { Cluster, Endpoint, Vpc } from "../wire.ts";
import type { Reference } from "./reference.ts";

/** What the API says of an endpoint: how it should be. */
export interface KnownEndpoint {
  readonly id: string;
  readonly status: string;
  /** IPv4 first. */
  readonly addresses: readonly string[];
  /** Its private name. */
  readonly name?: string;
  readonly ports: readonly number[];
  readonly accountId: string;
  readonly sessions: number;
  readonly maxSession: number;
  readonly isServiceOpen: boolean;
  /** Addresses and CIDRs that may connect; undefined: all. */
  readonly sources?: readonly string[];
  /** Why nothing is carried. */
  readonly note?: string;
  readonly failure?: string;
  /** How often connections were refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Whether its addresses are those of the gateway's own machine. */
  readonly isLoopback: boolean;
  /** Where its network asks for private names. */
  readonly nameServer?: string;
  /** Of the cluster's nodes, how many serve; undefined where the caller may not see them, or none was checked. */
  readonly healthyNodes?: number;
}

interface VpcepEndpoint {
  readonly enable_status?: string;
  readonly enable_whitelist?: boolean;
  readonly whitelist?: readonly string[];
}

/**
 * Returns the endpoint of this project that the reference means; undefined where there is none, or several could be meant.
 * @param resolved the addresses that the reference's name resolves to
 * @throws CliError where the API refuses or does not answer; also for an id that is unknown
 */
export async function findKnownEndpoint(
  api: ApiClient,
  reference: Reference,
  resolved: readonly string[],
): Promise<KnownEndpoint | undefined> {
  if (reference.id !== undefined) {
    return complete(api, await api.get<Endpoint>(api.own("endpoints", reference.id)));
  }
  const endpoints = await api.list<Endpoint>(api.own("endpoints"), "endpoints");
  const there = endpoints.filter(
    (endpoint) =>
      endpoint.dns_name === reference.host ||
      addressesOf(endpoint).some((address) => resolved.includes(address)),
  );
  // Networks may have the same addresses: then the port may tell which one is meant.
  const { port } = reference;
  const meant =
    there.length > 1 && port !== undefined ? there.filter((one) => portsOf(one).includes(port)) : there;
  const [found] = meant;
  return found === undefined || meant.length > 1 ? undefined : complete(api, found);
}

/** Returns the refusals of now. @throws CliError */
export async function readRefusals(api: ApiClient, id: string): Promise<KnownEndpoint["refusals"]> {
  return (await api.get<Endpoint>(api.own("endpoints", id))).refusals ?? {};
}

function addressesOf({ ip, ip6 }: Endpoint): readonly string[] {
  return ip6 === undefined ? [ip] : [ip, ip6];
}

function portsOf({ port, ports }: Endpoint): readonly number[] {
  return ports ?? [port];
}

async function complete(api: ApiClient, endpoint: Endpoint): Promise<KnownEndpoint> {
  const [vpcep, vpc, cluster] = await Promise.all([
    getIfAllowed<VpcepEndpoint>(api, api.vpcEndpoint(endpoint.id)),
    getIfAllowed<Vpc>(api, api.own("vpcs", endpoint.vpc_id)),
    getIfAllowed<Cluster>(api, api.own("clusters", endpoint.cluster_id)),
  ]);
  const checked = cluster?.nodes.filter(({ healthy }) => healthy !== null) ?? [];
  return {
    id: endpoint.id,
    status: endpoint.status,
    addresses: addressesOf(endpoint),
    ...(endpoint.dns_name !== undefined && { name: endpoint.dns_name }),
    ports: portsOf(endpoint),
    accountId: endpoint.account_id,
    sessions: endpoint.sessions,
    maxSession: endpoint.max_session,
    isServiceOpen: vpcep?.enable_status !== "disable",
    ...(vpcep?.enable_whitelist === true && { sources: vpcep.whitelist ?? [] }),
    ...(endpoint.note !== undefined && { note: endpoint.note }),
    ...(endpoint.error !== undefined && { failure: endpoint.error.message }),
    refusals: endpoint.refusals ?? {},
    isLoopback: vpc?.attachment.kind === "loopback",
    ...(vpc?.dns_address !== undefined && { nameServer: vpc.dns_address }),
    ...(checked.length > 0 && { healthyNodes: checked.filter(({ healthy }) => healthy === true).length }),
  };
}

/** A consumer may not see the owner's cluster, and a user with few rights not every one of these. */
async function getIfAllowed<Body extends object>(api: ApiClient, path: Path): Promise<Body | undefined> {
  try {
    return await api.get<Body>(path);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
}
