import { PosternError } from "../../domain/errors.ts";
import {
  newHexId,
  newUuid,
  type AccountId,
  type ProjectId,
  type SubnetId,
  type VpcId,
} from "../../domain/ids.ts";
import type { PresentNetwork } from "../../domain/import/facts.ts";
import type { Listing } from "../../domain/import/listing.ts";
import type { NewAccount, NewNetwork } from "../../domain/import/place-connections.ts";
import { planImport, type ImportPlan } from "../../domain/import/plan-import.ts";
import type { Cluster, Endpoint, Project, Subnet, Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { formatIpv4Prefix } from "../../lib/ipv4.ts";
import type { ApiContext, Principal } from "../operation.ts";
import { ensureDnsAddress } from "./dns-address.ts";
import { takeVpcNumber } from "./insert-vpc.ts";
import { requireClientPort } from "./open-service.ts";
import { readImportFacts } from "./import-facts.ts";

export interface Imported {
  readonly plan: ImportPlan;
  /** Default projects of the accounts that were made. */
  readonly projects: readonly Project[];
  readonly networks: readonly Vpc[];
  readonly endpoints: readonly Endpoint[];
}

/**
 * Recreates the service, the whitelist and the connections of a listing at a cluster: all of it, or nothing.
 * @param createMissing whether missing accounts and networks are made; takes an operator
 * @throws ObstacleError, PosternError already_in_use, ports_clash, quota_exceeded
 */
export async function importListing(
  tx: Repositories,
  context: ApiContext,
  principal: Principal,
  cluster: Cluster,
  listing: Listing,
  createMissing: boolean,
  revision: number,
): Promise<Imported> {
  const now = context.clock.now();
  const present = await tx.services.findOpened(cluster.id);
  const facts = await readImportFacts(tx, context, principal, cluster, present, listing);
  const plan = planImport(listing, facts, createMissing);
  if (present) await tx.services.delete(present.id);
  await requireClientPort(tx, cluster);
  await insertService(tx, cluster, plan, now);
  const projects = await insertAccounts(tx, plan.accounts, context.region, now);
  const networks = await insertNetworks(tx, plan.networks, projects, now);
  const endpoints = await insertEndpoints(tx, plan, networks, revision);
  // After all of them: the listing says which addresses are theirs.
  const named = new Set(endpoints.filter(({ dnsEnabled }) => dnsEnabled).map(({ vpcId }) => vpcId));
  for (const vpcId of named) await ensureDnsAddress(tx, vpcId, now);
  await tx.clusters.touch(cluster.id, now);
  return {
    plan,
    projects: [...projects.values()],
    networks: [...networks.values()].map(([vpc]) => vpc),
    endpoints,
  };
}

async function insertService(
  tx: Repositories,
  cluster: Cluster,
  plan: ImportPlan,
  now: number,
): Promise<void> {
  await tx.services.insert({
    ...plan.service,
    clusterId: cluster.id,
    projectId: cluster.projectId,
    enabled: true,
    reconcileConnections: true,
    origin: "css",
    ports: [],
    description: "",
    tags: [],
    createdAt: now,
    updatedAt: now,
  });
  await tx.services.insertPermissions(
    plan.permissions.map((entry) => ({ ...entry, serviceId: plan.service.id, description: "" })),
  );
}

/** Makes accounts with a default project and without users: nobody signs in to them yet. */
async function insertAccounts(
  tx: Repositories,
  accounts: readonly NewAccount[],
  region: string,
  now: number,
): Promise<ReadonlyMap<AccountId, Project>> {
  const projects = new Map<AccountId, Project>();
  for (const { id, name } of accounts) {
    if (await tx.identity.accountByName(name)) {
      throw new PosternError(
        "already_in_use",
        `The import would name account ${id} ${name}, and another account has that name. Make the account first.`,
      );
    }
    const project = { id: newHexId<ProjectId>(), accountId: id, name: region, createdAt: now };
    await tx.identity.insertAccount({ id, name, createdAt: now });
    await tx.identity.insertProject(project);
    projects.set(id, project);
  }
  return projects;
}

type Made = ReadonlyMap<NewNetwork, readonly [Vpc, Subnet]>;

async function insertNetworks(
  tx: Repositories,
  networks: readonly NewNetwork[],
  projects: ReadonlyMap<AccountId, Project>,
  now: number,
): Promise<Made> {
  const made = new Map<NewNetwork, readonly [Vpc, Subnet]>();
  for (const network of networks) {
    const projectId = network.projectId ?? projects.get(network.accountId)?.id;
    if (projectId === undefined) throw new TypeError(`account ${network.accountId} has no project`);
    const common = { projectId, cidr: formatIpv4Prefix(network.prefix), cidr6: null, createdAt: now };
    const vpc: Vpc = {
      ...common,
      id: newUuid<VpcId>(),
      name: network.name,
      attachment: { kind: "none" },
      number: await takeVpcNumber(tx),
      dnsAddress: null,
    };
    const subnet: Subnet = {
      ...common,
      id: newUuid<SubnetId>(),
      vpcId: vpc.id,
      name: "default",
      poolCursor: null,
      pool6Cursor: null,
    };
    await tx.networks.insertVpc(vpc);
    await tx.networks.insertSubnet(subnet);
    made.set(network, [vpc, subnet]);
  }
  return made;
}

async function insertEndpoints(
  tx: Repositories,
  { service, connections }: ImportPlan,
  made: Made,
  revision: number,
): Promise<readonly Endpoint[]> {
  let markerId = await tx.endpoints.nextMarkerId();
  const endpoints: Endpoint[] = [];
  for (const { network, approval, ...kept } of connections) {
    const { subnet, attachment } = placeIn(network, made);
    const endpoint: Endpoint = {
      ...kept,
      address6: null,
      approval,
      rejectedBy: approval === "rejected" ? "owner" : null,
      // Where no gateway is attached there is no address to bring up, and none to wait for.
      phase: attachment.kind === "none" ? "ready" : "creating",
      serviceId: service.id,
      projectId: subnet.projectId,
      vpcId: subnet.vpcId,
      subnetId: subnet.id,
      maxConnectionRate: null,
      maxBandwidth: null,
      description: "",
      ownerNote: "",
      markerId,
      sourceWhitelistEnabled: false,
      sourceWhitelist: [],
      tags: [],
      failureCode: null,
      failureMessage: null,
      createdRevision: revision,
    };
    markerId += 1;
    await tx.endpoints.insert(endpoint);
    endpoints.push(endpoint);
  }
  return endpoints;
}

function placeIn(
  network: PresentNetwork | NewNetwork,
  made: Made,
): { readonly subnet: Subnet; readonly attachment: Vpc["attachment"] } {
  if ("used" in network) return network;
  const [vpc, subnet] = made.get(network) ?? [];
  if (!vpc || !subnet) throw new TypeError(`network ${network.name} was not made`);
  return { subnet, attachment: vpc.attachment };
}
