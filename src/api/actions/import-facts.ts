import { type AccountId, type EndpointId, type PermissionId, type ProjectId } from "../../domain/ids.ts";
import type { ConsumerProject, ImportFacts, PresentNetwork } from "../../domain/import/facts.ts";
import type { Listing } from "../../domain/import/listing.ts";
import { parseServiceName } from "../../domain/names.ts";
import { isHostAddress } from "../../domain/pool.ts";
import type { Cluster, EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { parseIpv4, parseIpv4Prefix, type Ipv4 } from "../../lib/ipv4.ts";
import type { ApiContext, Principal } from "../operation.ts";

/** Most networks of a project that are looked through for an address. */
const networksLimit = 1_000;

/** Reads what an import has to do with. @param present the service that the cluster has already */
export async function readImportFacts(
  tx: Repositories,
  { region, zone }: Pick<ApiContext, "region" | "zone">,
  principal: Principal,
  cluster: Cluster,
  present: EndpointService | undefined,
  listing: Listing,
): Promise<ImportFacts> {
  const { accountId, isOperator } = principal;
  const ids = listing.connections.map(({ id }) => id as EndpointId);
  const permissionIds = listing.permissions.map(({ id }) => id as PermissionId);
  return {
    clusterName: cluster.name,
    region,
    zone,
    importer: { accountId, isOperator },
    present: present && {
      isEnabled: present.enabled,
      connections: (await tx.endpoints.allOfService(present.id)).length,
    },
    services: (await tx.counts(cluster.projectId)).services,
    isServiceTaken: await isServiceTaken(tx, listing.serviceName, present),
    takenEndpoints: await tx.endpoints.taken(ids),
    takenPermissions: await tx.services.takenPermissions(permissionIds, present?.id),
    consumers: await consumersOf(tx, principal, listing),
  };
}

async function isServiceTaken(
  tx: Repositories,
  name: string,
  present: EndpointService | undefined,
): Promise<boolean> {
  const id = parseServiceName(name);
  const others = [await tx.services.findByName(name), id && (await tx.services.find(id))];
  return others.some((other) => other && other.id !== present?.id);
}

async function consumersOf(
  tx: Repositories,
  principal: Principal,
  listing: Listing,
): Promise<ReadonlyMap<AccountId, readonly ConsumerProject[]>> {
  const consumers = new Map<AccountId, readonly ConsumerProject[]>();
  for (const [accountId, addresses] of addressesByAccount(listing)) {
    const projects = await projectsOf(tx, principal, accountId);
    if (!projects) continue;
    const found: ConsumerProject[] = [];
    for (const project of projects) found.push(await readProject(tx, project, addresses));
    consumers.set(accountId, found);
  }
  return consumers;
}

function addressesByAccount({ connections }: Listing): ReadonlyMap<AccountId, readonly Ipv4[]> {
  const byAccount = new Map<AccountId, Ipv4[]>();
  for (const connection of connections) {
    const accountId = connection.accountId as AccountId;
    const address = parseIpv4(connection.address ?? "");
    const addresses = byAccount.get(accountId) ?? [];
    if (address !== undefined) addresses.push(address);
    byAccount.set(accountId, addresses);
  }
  return byAccount;
}

/** Returns the projects that the importer may put connections of an account into: his own one comes first. */
async function projectsOf(
  tx: Repositories,
  principal: Principal,
  accountId: AccountId,
): Promise<readonly ProjectId[] | undefined> {
  if (!principal.isOperator) return accountId === principal.accountId ? [principal.projectId] : undefined;
  if (!(await tx.identity.account(accountId))) return undefined;
  const all = (await tx.identity.projects(accountId)).map(({ id }) => id);
  if (accountId !== principal.accountId) return all;
  return [principal.projectId, ...all.filter((id) => id !== principal.projectId)];
}

async function readProject(
  tx: Repositories,
  id: ProjectId,
  addresses: readonly Ipv4[],
): Promise<ConsumerProject> {
  const { items: vpcs } = await tx.networks.vpcs(id, { offset: 0, limit: networksLimit });
  const networks: PresentNetwork[] = [];
  for (const { id: vpcId, attachment } of vpcs) {
    for (const subnet of await tx.networks.subnets(vpcId)) {
      const prefix = parseIpv4Prefix(subnet.cidr);
      const wanted = prefix ? addresses.filter((address) => isHostAddress(prefix, address)) : [];
      if (!prefix || wanted.length === 0) continue;
      const used = await tx.endpoints.takenAddresses(subnet.id, wanted);
      networks.push({ projectId: id, subnet, prefix, attachment, used });
    }
  }
  const { endpoints } = await tx.counts(id);
  return { id, endpoints, networkNames: new Set(vpcs.map(({ name }) => name)), networks };
}
