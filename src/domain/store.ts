import type { Ipv4 } from "../lib/ipv4.ts";
import type { Ipv6 } from "../lib/ipv6.ts";
import type { Attachment } from "./attachment.ts";
import type { AuditLog } from "./audit-log.ts";
import type { ToldChange } from "./audit.ts";
import type { DesiredState } from "./build-snapshot.ts";
import type { Condition } from "./conditions.ts";
import type { KernelAttachment } from "./desired.ts";
import type { EndpointState, EndpointStatus } from "./endpoint-state.ts";
import type { RefusalBatch, RefusalRecord } from "./refusal-record.ts";
import type { InventoryRepository } from "./inventory.ts";
import type { EventKind, NewEvent, PosternEvent } from "./events.ts";
import type { Resolver } from "./snapshot.ts";
import type {
  AccountId,
  ClusterId,
  EndpointId,
  GatewayId,
  ProjectId,
  ServiceDomainId,
  ServiceId,
  SubnetId,
  UserId,
  VpcId,
  WebhookId,
} from "./ids.ts";
import type {
  AccessKey,
  Account,
  Cluster,
  Endpoint,
  EndpointService,
  Gateway,
  KernelVpc,
  Permission,
  Project,
  ReleasedAddress,
  Subnet,
  Timestamp,
  Token,
  User,
  Vpc,
} from "./resources.ts";
import type { ServiceDomain } from "./service-domain.ts";
import type { Delivery, Webhook } from "./webhook.ts";

/** A slice of a list, in the list's order. */
export interface Page {
  /** Items to skip, from 0. */
  readonly offset: number;
  /** Most items to return. */
  readonly limit: number;
}

/** A slice of a list in the order of a time; ties go by id, so that pages fit. */
export interface SortedPage extends Page {
  readonly sortBy: "createdAt" | "updatedAt";
  readonly direction: "asc" | "desc";
}

export interface Listing<Item> {
  readonly items: readonly Item[];
  /** Of all pages. */
  readonly total: number;
}

export interface IdentityRepository {
  insertAccount(account: Account): Promise<void>;
  insertProject(project: Project): Promise<void>;
  insertUser(user: User): Promise<void>;
  insertAccessKey(key: AccessKey): Promise<void>;
  insertToken(token: Token): Promise<void>;
  account(id: AccountId): Promise<Account | undefined>;
  accountByName(name: string): Promise<Account | undefined>;
  accounts(page: Page): Promise<Listing<Account>>;
  user(id: UserId): Promise<User | undefined>;
  project(id: ProjectId): Promise<Project | undefined>;
  /** Oldest first, ties by id. */
  projects(account: AccountId): Promise<readonly Project[]>;
  userByName(account: AccountId, name: string): Promise<User | undefined>;
  /** Oldest first, ties by id. */
  users(account: AccountId): Promise<readonly User[]>;
  updateUser(user: User): Promise<void>;
  /** The project has to be empty. Takes the tokens along that are good for it. */
  deleteProject(id: ProjectId): Promise<void>;
  /** The account has to have no users and projects. */
  deleteAccount(id: AccountId): Promise<void>;
  /** Takes keys and tokens along. */
  deleteUser(id: UserId): Promise<void>;
  accessKey(id: string): Promise<AccessKey | undefined>;
  /** Permanent and temporary ones, oldest first. */
  accessKeys(user: UserId): Promise<readonly AccessKey[]>;
  deleteAccessKey(id: string): Promise<void>;
  tokenByHash(hash: string): Promise<Token | undefined>;
  deleteToken(hash: string): Promise<void>;
  /** Projects of the accounts that have an operator, oldest first; at most 100. */
  operatorProjects(): Promise<readonly ProjectId[]>;
  /** Ends every token and key of a user that expires, and every token that a password began. */
  deleteSessions(user: UserId): Promise<void>;
  /** Ends every token and key that expires, of every user. */
  deleteAllSessions(): Promise<void>;
  /** Forgets tokens and temporary keys that are over, and a user's oldest that expire beyond `most` of each. */
  trimSessions(user: UserId, most: number, now: Timestamp): Promise<void>;
}

export interface PoolUse {
  readonly subnetId: SubnetId;
  readonly cidr: string;
  readonly used: number;
}

export interface NetworkRepository {
  insertVpc(vpc: Vpc): Promise<void>;
  insertSubnet(subnet: Subnet): Promise<void>;
  deleteVpc(id: VpcId): Promise<void>;
  vpc(id: VpcId): Promise<Vpc | undefined>;
  /** Oldest first: the first VPC of a project is its default. */
  vpcs(project: ProjectId, page: Page): Promise<Listing<Vpc>>;
  firstVpc(project: ProjectId): Promise<Vpc | undefined>;
  /** On the loopback attachment, of every project: their addresses are one space. */
  loopbackVpcs(): Promise<readonly Vpc[]>;
  vpcByName(project: ProjectId, name: string): Promise<Vpc | undefined>;
  /** Of every project, in networks of the gateways' hosts. */
  kernelVpcs(): Promise<readonly KernelVpc[]>;
  /** The one, of whatever project, that has a host's device or namespace. */
  vpcOnHost(attachment: KernelAttachment): Promise<Vpc | undefined>;
  /** The smallest number from 1 that no VPC has; maybe beyond what VPCs may have. */
  nextVpcNumber(): Promise<number>;
  setAttachment(id: VpcId, attachment: Attachment): Promise<void>;
  /** Gives a VPC and one of its subnets an IPv6 network. */
  setCidr6(id: VpcId, subnet: SubnetId, cidr6: string): Promise<void>;
  setDnsAddress(id: VpcId, address: Ipv4): Promise<void>;
  /** Where names are served on loopback, of every project. */
  resolvers(): Promise<readonly Resolver[]>;
  /** VPCs of every project that have an endpoint with a private name, and no address to serve it at. */
  vpcsWithoutDnsAddress(): Promise<readonly VpcId[]>;
  /** VPCs of every project that no gateway is attached to. */
  unattachedVpcs(): Promise<ReadonlySet<VpcId>>;
  /** Whether an endpoint or a cluster lives in it. */
  isVpcInUse(id: VpcId): Promise<boolean>;
  subnet(id: SubnetId): Promise<Subnet | undefined>;
  /** Oldest first, ties by name: subnets that came in one request have the same age. */
  subnets(vpc: VpcId): Promise<readonly Subnet[]>;
  /** How many endpoints each subnet has that has any. @param projects whose subnets; all where it is left out */
  poolUse(projects?: ReadonlySet<ProjectId>): Promise<readonly PoolUse[]>;
  setPoolCursor(subnet: SubnetId, cursor: Ipv4 | Ipv6): Promise<void>;
  /** Notes addresses that endpoints have no more, and forgets what was released at `expired` or before. */
  noteReleased(addresses: readonly ReleasedAddress[], expired: Timestamp): Promise<void>;
  /** Which of these addresses were released after `since`, each with the project whose endpoint had it. */
  releasedAddresses<Address extends Ipv4 | Ipv6>(
    subnet: SubnetId,
    addresses: readonly Address[],
    since: Timestamp,
  ): Promise<ReadonlyMap<Address, ProjectId>>;
}

export interface ClusterRepository {
  insert(cluster: Cluster): Promise<void>;
  delete(id: ClusterId): Promise<void>;
  find(id: ClusterId): Promise<Cluster | undefined>;
  findByName(project: ProjectId, name: string): Promise<Cluster | undefined>;
  /** Newest first, ties by id. */
  list(project: ProjectId, filter: ClusterFilter, page: Page): Promise<Listing<Cluster>>;
  setState(id: ClusterId, state: Cluster["state"]): Promise<void>;
  setTags(id: ClusterId, tags: Cluster["tags"]): Promise<void>;
  setNodes(id: ClusterId, nodes: Cluster["nodes"]): Promise<void>;
  /** Makes every ETag of the cluster a new one. */
  touch(id: ClusterId, now: Timestamp): Promise<void>;
}

export interface ClusterFilter {
  /** Released clusters are left out unless this is set. */
  readonly includeReleased?: boolean;
  readonly engine?: Cluster["engine"];
}

/** What is left out filters nothing. */
export interface ServiceFilter {
  readonly id?: string | undefined;
  /** A part of it, in whatever case. */
  readonly name?: string | undefined;
}

export interface ServiceRepository {
  insert(service: EndpointService): Promise<void>;
  update(service: EndpointService): Promise<void>;
  find(id: ServiceId): Promise<EndpointService | undefined>;
  findByName(name: string): Promise<EndpointService | undefined>;
  /** The one that opening the cluster made, enabled or not. */
  findOpened(cluster: ClusterId): Promise<EndpointService | undefined>;
  /** Whichever API made them. */
  allOfCluster(cluster: ClusterId): Promise<readonly EndpointService[]>;
  allOfProject(project: ProjectId): Promise<readonly EndpointService[]>;
  /** Those that are enabled. */
  listByProject(
    project: ProjectId,
    filter: ServiceFilter,
    page: SortedPage,
  ): Promise<Listing<EndpointService>>;
  /** Enabled services of every project whose whitelist admits every account. */
  listOpenToEveryone(filter: ServiceFilter, page: SortedPage): Promise<Listing<EndpointService>>;
  /** Takes whitelist and endpoints along. */
  delete(id: ServiceId): Promise<void>;
  setPermissionDescription(id: Permission["id"], description: string): Promise<void>;
  /** Oldest first. */
  permissions(service: ServiceId): Promise<readonly Permission[]>;
  /** Which of these ids some permission of another service has. */
  takenPermissions(
    ids: readonly Permission["id"][],
    except: ServiceId | undefined,
  ): Promise<ReadonlySet<Permission["id"]>>;
  /** @param part what the permissions contain */
  listPermissions(service: ServiceId, part: string, page: SortedPage): Promise<Listing<Permission>>;
  insertPermissions(permissions: readonly Permission[]): Promise<void>;
  deletePermissions(ids: readonly Permission["id"][]): Promise<void>;
}

/** What either side may write on an endpoint. */
export type EndpointDetails = Pick<
  Endpoint,
  "sourceWhitelistEnabled" | "sourceWhitelist" | "tags" | "ownerNote"
>;

/** What is left out filters nothing. */
export interface ConnectionFilter {
  readonly id?: string | undefined;
  readonly markerId?: number | undefined;
  readonly status?: EndpointStatus | "deleting" | undefined;
}

/** What is left out filters nothing. */
export interface EndpointFilter {
  readonly id?: string | undefined;
  readonly vpcId?: string | undefined;
  /** A part of it, in whatever case. */
  readonly serviceName?: string | undefined;
}

export interface EndpointRepository {
  insert(endpoint: Endpoint): Promise<void>;
  delete(id: EndpointId): Promise<void>;
  find(id: EndpointId): Promise<Endpoint | undefined>;
  /** Newest first, ties by id. */
  listByService(service: ServiceId, page: Page): Promise<Listing<Endpoint>>;
  allOfService(service: ServiceId): Promise<readonly Endpoint[]>;
  searchByService(service: ServiceId, filter: ConnectionFilter, page: SortedPage): Promise<Listing<Endpoint>>;
  searchByProject(project: ProjectId, filter: EndpointFilter, page: SortedPage): Promise<Listing<Endpoint>>;
  /** The consumer's view; newest first, ties by id. */
  listByProject(project: ProjectId, page: Page): Promise<Listing<Endpoint>>;
  allOfProject(project: ProjectId): Promise<readonly Endpoint[]>;
  /** Endpoints of a service that are accepted, or still come up. */
  countActive(service: ServiceId): Promise<number>;
  /** Which of these ids some endpoint has. */
  taken(ids: readonly EndpointId[]): Promise<ReadonlySet<EndpointId>>;
  /** A number that no endpoint has yet. */
  nextMarkerId(): Promise<number>;
  setDetails(id: EndpointId, details: EndpointDetails, now: Timestamp): Promise<void>;
  /**
   * Which of these addresses of the subnet, all of one family, endpoints have. Costs what `addresses` cost, not what
   * the subnet holds.
   */
  takenAddresses<Address extends Ipv4 | Ipv6>(
    subnet: SubnetId,
    addresses: readonly Address[],
  ): Promise<ReadonlySet<Address>>;
  countInSubnet(subnet: SubnetId): Promise<number>;
  /** Of those of the endpoints that are there. */
  maxSessions(ids: readonly EndpointId[]): Promise<ReadonlyMap<EndpointId, number>>;
  countInProject(project: ProjectId): Promise<number>;
  setState(id: EndpointId, state: EndpointState, now: Timestamp): Promise<void>;
  /** What a gateway found out about the address. Leaves `updatedAt` alone: it is the owner's and consumer's. */
  setPhase(
    id: EndpointId,
    phase: Endpoint["phase"],
    failure: { readonly code: string; readonly message: string } | null,
  ): Promise<void>;
  setOffer(
    id: EndpointId,
    offer: Pick<Endpoint, "specificationName" | "maxSession" | "dnsEnabled" | "address6">,
    now: Timestamp,
  ): Promise<void>;
  setCaps(
    id: EndpointId,
    caps: Pick<Endpoint, "maxSession" | "maxConnectionRate" | "maxBandwidth">,
    now: Timestamp,
  ): Promise<void>;
  /** Endpoints whose address is not known to be up, or is known not to be. */
  unsettled(): Promise<readonly Endpoint[]>;
}

export interface ServiceDomainRepository {
  insert(domain: ServiceDomain): Promise<void>;
  update(domain: ServiceDomain): Promise<void>;
  delete(id: ServiceDomainId): Promise<void>;
  find(id: ServiceDomainId): Promise<ServiceDomain | undefined>;
  /** Oldest first, ties by name. */
  allOfService(service: ServiceId): Promise<readonly ServiceDomain[]>;
  /** There is at most one in the installation. */
  findVerified(name: string): Promise<ServiceDomain | undefined>;
  /** Of every project, by name. */
  allVerified(): Promise<readonly ServiceDomain[]>;
}

export interface GatewayRepository {
  insert(gateway: Gateway): Promise<void>;
  find(id: GatewayId): Promise<Gateway | undefined>;
  findByName(name: string): Promise<Gateway | undefined>;
  list(): Promise<readonly Gateway[]>;
  setTokenHash(id: GatewayId, tokenHash: string): Promise<void>;
  setLastSeen(id: GatewayId, now: Timestamp): Promise<void>;
}

/** A record with whom it concerns. */
export interface KeptRefusal extends RefusalRecord {
  readonly serviceId: ServiceId;
  /** The consumer's. */
  readonly accountId: AccountId;
}

/** What was refused, by endpoint, reason and source: bounded for each endpoint and by age. */
export interface RefusalRepository {
  /**
   * Adds a gateway's batch, unless it has been taken before. Records of endpoints that are no more are left out.
   * @returns whether it was taken now
   */
  take(gateway: GatewayId, batch: RefusalBatch, now: Timestamp): Promise<boolean>;
  /** Latest first. */
  listByEndpoint(endpoint: EndpointId, page: Page): Promise<Listing<KeptRefusal>>;
  /** Of all its endpoints, latest first. */
  listByService(service: ServiceId, page: Page): Promise<Listing<KeptRefusal>>;
}

export interface EventFilter {
  /** Only what is newer than this one; 0: all. */
  readonly after: number;
  /** Empty: all. */
  readonly kinds: readonly EventKind[];
  readonly limit: number;
  /** Where there are more than the limit: the newest of them instead of the oldest. */
  readonly isNewest?: boolean;
}

export interface EventRepository {
  /** Leaves out events of projects that are no more. Whoever follows is woken once the piece of work is durable. */
  append(events: readonly NewEvent[], at: Timestamp): Promise<void>;
  /** Oldest first. */
  list(project: ProjectId, filter: EventFilter): Promise<readonly PosternEvent[]>;
  /** The number of the project's first event since then; beyond all there are, where there is none. */
  firstSince(project: ProjectId, time: Timestamp): Promise<number>;
  /** The number of the newest event of all that there ever were; 0 before the first. */
  latest(): Promise<number>;
  /** The number of the newest event of the project that was trimmed; 0 before that. */
  floor(project: ProjectId): Promise<number>;
  /** Other projects, too, that have accepted endpoints of a service, up to 1,000. */
  consumers(service: ServiceId): Promise<readonly ProjectId[]>;
  /** Forgets some of what is older, or more, than is kept. Returns how many; 0 when it is done. */
  trim(before: Timestamp, mostOfProject: number, mostNow: number): Promise<number>;
}

/** What gateways made be true lately, and what was told of it. */
export interface ConditionRepository {
  all(): Promise<readonly Condition[]>;
  set(condition: Condition): Promise<void>;
  delete(keys: readonly string[]): Promise<void>;
}

export interface WebhookRepository {
  insert(webhook: Webhook): Promise<void>;
  update(webhook: Webhook): Promise<void>;
  /** Takes its deliveries along. */
  delete(id: WebhookId): Promise<void>;
  find(id: WebhookId): Promise<Webhook | undefined>;
  /** Oldest first. */
  allOfProject(project: ProjectId): Promise<readonly Webhook[]>;
  /** Enabled webhooks of every project that something is on its way to. */
  withPending(): Promise<readonly WebhookId[]>;
  /** The oldest pending delivery of each resource, those that are due first in front. */
  heads(webhook: WebhookId, most: number): Promise<readonly Delivery[]>;
  /** The oldest pending delivery of one resource, where it was never tried. */
  nextOf(webhook: WebhookId, resource: string): Promise<Delivery | undefined>;
  delivery(id: string): Promise<Delivery | undefined>;
  /** Oldest first. */
  deliveries(webhook: WebhookId, status: Delivery["status"], page: Page): Promise<Listing<Delivery>>;
  arrived(id: string): Promise<void>;
  /** Writes how it stands. */
  setDelivery(delivery: Delivery): Promise<void>;
  /** Forgets some dead deliveries from before then. Returns how many; 0 when it is done. */
  trimDead(before: Timestamp, mostNow: number): Promise<number>;
}

/** Who has to look, after a commit that made something happen. */
export interface EventsCommitted {
  readonly projects: ReadonlySet<ProjectId>;
  readonly webhooks: ReadonlySet<WebhookId>;
}

/** Where the installation's own machines are. */
export interface OwnNetworks {
  /** CIDRs of VPCs and subnets, addresses of nodes and resolvers, of either family. */
  readonly networks: readonly string[];
  /** Names by which nodes are registered, in lower case. */
  readonly nodeNames: readonly string[];
}

/**
 * `lineage`: whose revisions the data carry; `restored`: when the backup was made that a restore has just put in place,
 * until the server has seen to what follows from it; `written_by`: the version that served them last.
 */
export type SettingKey = "region" | "zone" | "lineage" | "restored" | "written_by";

export interface ProjectCounts {
  readonly clusters: number;
  readonly services: number;
  readonly endpoints: number;
  /** Of the endpoints: those in networks that no gateway is attached to. */
  readonly unattached: number;
}

/** One view of the data: inside a write, the transaction's. */
export interface Repositories {
  readonly identity: IdentityRepository;
  readonly networks: NetworkRepository;
  readonly clusters: ClusterRepository;
  readonly services: ServiceRepository;
  readonly endpoints: EndpointRepository;
  readonly domains: ServiceDomainRepository;
  readonly gateways: GatewayRepository;
  readonly refusals: RefusalRepository;
  readonly inventory: InventoryRepository;
  readonly events: EventRepository;
  readonly conditions: ConditionRepository;
  readonly webhooks: WebhookRepository;
  /** A fact about the installation. */
  setting(key: SettingKey): Promise<string | undefined>;
  /** Replaces what was there. */
  setSetting(key: SettingKey, value: string): Promise<void>;
  /** Nothing happens where there is none. */
  deleteSetting(key: SettingKey): Promise<void>;
  /** Of every project. */
  ownNetworks(): Promise<OwnNetworks>;
  /** What a project has, in numbers. */
  counts(project: ProjectId): Promise<ProjectCounts>;
  /** Several reads: call it inside `read` or `write` for one consistent view. */
  desiredState(): Promise<DesiredState>;
  /**
   * Writes one more entry with the work that is running, after the work's own: a decision that was made elsewhere, such
   * as sessions that a gateway cut. Only inside `write` and `observe`; where the work throws, it was never there.
   */
  note(entry: AuditEntry): void;
}

/** Who did what, for the audit trail. */
export interface AuditEntry {
  /** User id, `gateway/…` or `system`. */
  readonly actor: string;
  /** The user's. */
  readonly accountId?: string | undefined;
  /** Operation as in the published tables: `startVpcep`, `updateVpcepConnection`, ... */
  readonly action: string;
  /** Kind and id: `cluster/…`. */
  readonly resource: string;
  /** The request's; of a decision that no request made: whose resource it is about, who then sees the entry. */
  readonly projectId?: string | undefined;
  readonly requestId?: string;
  /** Address that the request came from. */
  readonly source?: string;
  /** What it says of a row besides what changed in it. */
  readonly tells?: ToldChange | undefined;
  /** There is no entry where the work changes nothing that is audited. */
  readonly isForChanges?: true;
}

export interface Store extends Repositories {
  readonly audit: AuditLog;
  /** Revision of the desired state: what gateways are to reach. */
  readonly revision: number;
  /** Grows with every commit of this process, also with those that leave the desired state as it is. */
  readonly generation: number;
  /** Grows with every commit of this process that may have changed who somebody is, and what he may. */
  readonly identityGeneration: number;
  /**
   * Runs `work` in one transaction together with the audit entry and the next revision, which `work` gets.
   * Either all of it is durable when the promise resolves, or, when `work` throws, none of it ever was.
   */
  write<Result>(
    audit: AuditEntry,
    work: (tx: Repositories, revision: number) => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly revision: number }>;
  /**
   * Runs `work` as `write` would, and takes everything back.
   * @returns what the data looked like before and after it
   */
  rehearse(
    work: (tx: Repositories, revision: number) => Promise<unknown>,
  ): Promise<{ readonly before: DesiredState; readonly after: DesiredState }>;
  /**
   * Runs `work` in one transaction that leaves the desired state, and so the revision, as it is.
   * @param audit goes into the same transaction, with the present revision; without it, what is audited and changes all
   *   the same is put down to `system`
   */
  observe<Result>(work: (tx: Repositories) => Promise<Result>, audit?: AuditEntry): Promise<Result>;
  /** Runs `work` on one consistent view; it must not write. */
  read<Result>(work: (tx: Repositories) => Promise<Result>): Promise<Result>;
  /** Calls `listener` after every new revision, with the request that made it. Returns the way to end that. */
  onRevision(listener: (revision: number, requestId: string | undefined) => void): () => void;
  /** Calls `listener` after every commit that made something happen. Returns the way to end that. */
  onEvents(listener: (committed: EventsCommitted) => void): () => void;
  close(): Promise<void>;
}
