import { randomUUID } from "node:crypto";
import type { Attachment, Session } from "./wire.ts";

/** A refusal of the fake, with the code that the real API publishes for it. */
export class FakeRefusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Further fields of the answer. */
  readonly details: object;

  constructor(status: number, code: string, message: string, details: object = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export interface FakeEndpoint {
  readonly id: string;
  readonly clusterId: string;
  readonly accountId: string;
  ip: string;
  readonly ip6?: string;
  /** Default: 9200. */
  port?: number;
  /** Its private name. */
  dnsName?: string;
  /** Set: its own whitelist is on. */
  sources?: readonly string[];
  status: string;
  maxSession: number;
  maxConnectionRate?: number | null;
  maxBandwidth?: number | null;
  sessions: number;
  /** Why nothing is carried. */
  note?: string;
  /** Those that lists show; `sessions` is a number by itself. */
  live?: Session[];
  refusals?: Readonly<Record<string, number>>;
  error?: { code: string; message: string };
}

/** What a cluster is registered with. */
export interface FakeRegistration {
  readonly name?: string;
  readonly nodes?: readonly string[];
  readonly engine?: string;
  readonly version?: string;
  readonly client_port?: number;
}

export interface FakeCluster {
  /** Set: it is not a cluster but another service of this one. */
  readonly of?: string;
  readonly id: string;
  readonly name: string;
  readonly registration: FakeRegistration;
  isOpen: boolean;
  /** Whether it was opened once: the service outlives closing. */
  hasService: boolean;
  approval: boolean;
  accounts: string[];
  version: number;
}

export interface FakeDomain {
  readonly id: string;
  readonly serviceId: string;
  readonly name: string;
  status: "pending" | "verified" | "failed";
}

export interface FakeVpc {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  cidr6?: string;
  attachment: Attachment;
  dns_address?: string;
}

/** The state behind `FakeApi`: a small working model of one project, in which sessions are plain numbers. */
export class FakeModel {
  readonly accountId = "0123456789abcdef0123456789abcdef";
  readonly clusters: FakeCluster[] = [];
  /** Newest first, as every list of the API. */
  readonly endpoints: FakeEndpoint[] = [];
  readonly vpcs: FakeVpc[] = [
    { id: randomUUID(), name: "default", cidr: "127.1.0.0/20", attachment: { kind: "loopback" } },
  ];
  readonly domains: FakeDomain[] = [];
  /** Sessions left on nodes that are draining, by the nodes' ids. */
  readonly draining = new Map<string, number>();
  /** Sessions that a node has when it begins to drain. */
  sessionsOnNode = 0;
  /** Names whose TXT record is there. */
  readonly proven = new Set<string>();
  revision = 1;
  /** The account that imports lack. */
  missingAccount: string | undefined;
  /** What the next endpoint fails with, as when its port is taken. */
  nextFailure: { code: string; message: string } | undefined;

  /** @throws FakeRefusal where it is unknown */
  cluster(id: string): FakeCluster {
    const cluster = this.clusters.find((candidate) => candidate.id === id);
    if (cluster === undefined) throw new FakeRefusal(403, "CSS.0015", "No such cluster.");
    return cluster;
  }

  /** @throws FakeRefusal where its service is closed */
  openCluster(id: string): FakeCluster {
    const cluster = this.cluster(id);
    if (!cluster.isOpen)
      throw new FakeRefusal(400, "CSS.5182", `The endpoint service of ${cluster.name} is not open.`);
    return cluster;
  }

  addCluster(registration: FakeRegistration): FakeCluster {
    const name = registration.name ?? "";
    if (this.clusters.some((cluster) => cluster.name === name)) {
      throw new FakeRefusal(409, "CSS.0031", `A cluster "${name}" exists.`);
    }
    const start = { isOpen: false, hasService: false, approval: false, accounts: [], version: 1 };
    const cluster = { id: randomUUID(), name, registration, ...start };
    this.clusters.push(cluster);
    return cluster;
  }

  /** Makes another service of a cluster; everything works on it as on a cluster. */
  addService(name: string, of: string): FakeCluster {
    const service = { ...this.addCluster({ name }), of, isOpen: true, hasService: true };
    this.clusters.splice(-1, 1, service);
    return service;
  }

  /** Returns the sessions that were cut. */
  removeCluster(id: string): number {
    const severed = this.#sever(this.connections(this.cluster(id).id), "rejected");
    this.clusters.splice(this.clusters.indexOf(this.cluster(id)), 1);
    for (const endpoint of this.connections(id)) this.endpoints.splice(this.endpoints.indexOf(endpoint), 1);
    return severed;
  }

  open(id: string, approval: boolean, isDualStack = false): void {
    const cluster = this.cluster(id);
    if (cluster.isOpen)
      throw new FakeRefusal(409, "CSS.0031", `The endpoint service of ${cluster.name} is open already.`);
    const isFirst = !cluster.hasService;
    Object.assign(cluster, { isOpen: true, hasService: true, approval, version: cluster.version + 1 });
    if (isFirst) this.addEndpoint(id, this.accountId, "accepted", isDualStack);
  }

  close(id: string): number {
    const cluster = this.openCluster(id);
    cluster.isOpen = false;
    cluster.version += 1;
    return this.#sever(this.connections(id), undefined);
  }

  connections(clusterId: string): FakeEndpoint[] {
    return this.endpoints.filter((endpoint) => endpoint.clusterId === clusterId);
  }

  addEndpoint(clusterId: string, accountId: string, status: string, isDualStack = false): FakeEndpoint {
    const failure = this.nextFailure;
    this.nextFailure = undefined;
    const endpoint: FakeEndpoint = {
      id: randomUUID(),
      clusterId,
      accountId,
      ip: `127.1.0.${this.endpoints.length + 2}`,
      ...(isDualStack && { ip6: `fd00:1::${this.endpoints.length + 2}` }),
      status: failure === undefined ? status : "failed",
      maxSession: 3_000,
      sessions: 0,
      ...(failure !== undefined && { error: failure }),
    };
    this.endpoints.unshift(endpoint);
    this.cluster(clusterId).version += 1;
    return endpoint;
  }

  /** All or nothing, as the real one. */
  decide(clusterId: string, action: string, ids: readonly string[]): number {
    const cluster = this.openCluster(clusterId);
    const found = this.connections(clusterId).filter((endpoint) => ids.includes(endpoint.id));
    if (found.length !== ids.length)
      throw new FakeRefusal(400, "CSS.0001", `${cluster.name} has no such connection.`);
    cluster.version += 1;
    if (action === "reject") return this.#sever(found, "rejected");
    for (const endpoint of found) endpoint.status = "accepted";
    return 0;
  }

  permit(clusterId: string, accounts: readonly string[]): number {
    const cluster = this.openCluster(clusterId);
    cluster.accounts = [...accounts];
    cluster.version += 1;
    const isOut = (account: string): boolean => account !== this.accountId && !accounts.includes(account);
    const refused = accounts.includes("*")
      ? []
      : this.connections(clusterId).filter((one) => isOut(one.accountId));
    return this.#sever(refused, "rejected");
  }

  #sever(endpoints: readonly FakeEndpoint[], status: string | undefined): number {
    let severed = 0;
    for (const endpoint of endpoints) {
      severed += endpoint.sessions;
      endpoint.sessions = 0;
      if (status !== undefined) endpoint.status = status;
    }
    return severed;
  }
}
