import type { Api, ApiAnswer } from "./api.ts";
import { freePort } from "./free-port.ts";
import type { SearchNode } from "./node.ts";

export type Connection = {
  readonly id: string;
  readonly status: string;
  readonly vpcepIp: string;
  readonly domain_id: string;
  readonly maxSession: string;
};

/** The answer to GET vpcepservice/connections. */
export type Connections = {
  readonly connections: readonly Connection[];
  readonly total_count: number;
  readonly vpcServiceName: string;
  readonly vpcepUpdateSwitch: boolean;
  readonly permissions: readonly { readonly id: string; readonly permission: string }[];
};

export type Refusals = Readonly<
  Record<
    | "not_accepted"
    | "not_whitelisted"
    | "source_not_allowed"
    | "session_cap"
    | "no_healthy_node"
    | "connection_rate"
    | "service_closed",
    number
  >
>;

/** An endpoint in Postern's own API. */
export type Endpoint = {
  readonly id: string;
  readonly status: string;
  readonly ip: string;
  readonly port: number;
  readonly account_id: string;
  readonly max_session: number;
  readonly sessions: number;
  readonly new_sessions: number;
  readonly refusals: Refusals;
};

/** Any caller of the API: the operator or a tenant. */
export type Caller = { readonly api: Api };

/** Gives the body of an answer. @throws Error with the answer when it is none of 200 and 204. */
export function ok<Body>(answer: ApiAnswer<Body>): Body {
  if (answer.status === 200 || answer.status === 204) return answer.body;
  throw new Error(`The answer was ${answer.status}: ${JSON.stringify(answer.body)}`);
}

/** An endpoint as its consumer asks for it, and as he sees it now. */
export async function createEndpoint(
  consumer: Caller,
  service: string,
  wish: object = {},
): Promise<Endpoint> {
  return ok(await consumer.api<Endpoint>("POST", "/postern/v1/{pid}/endpoints", { service, ...wish }));
}

export async function showEndpoint(consumer: Caller, id: string): Promise<Endpoint> {
  return ok(await consumer.api<Endpoint>("GET", `/postern/v1/{pid}/endpoints/${id}`));
}

/** A registered cluster in the hands of its owner. */
export class Service {
  readonly owner: Caller;
  readonly clusterId: string;

  private constructor(owner: Caller, clusterId: string) {
    this.owner = owner;
    this.clusterId = clusterId;
  }

  /** A cluster that is registered already. */
  static of(owner: Caller, clusterId: string): Service {
    return new Service(owner, clusterId);
  }

  /** Registers a cluster; its endpoints get a port that nothing on this machine holds. */
  static async register(
    owner: Caller,
    name: string,
    nodes: readonly Pick<SearchNode, "url">[],
  ): Promise<Service> {
    const urls = nodes.map(({ url }) => url);
    return await Service.#registerAt(owner, name, urls, await freePort("0.0.0.0"));
  }

  /** Registers a cluster of nodes that are wherever their URLs say, and opens its service. */
  static async openAt(
    owner: Caller,
    name: string,
    urls: readonly string[],
    clientPort: number,
  ): Promise<Service> {
    const service = await Service.#registerAt(owner, name, urls, clientPort);
    ok(await owner.api("POST", service.path("open"), {}));
    return service;
  }

  static async #registerAt(
    owner: Caller,
    name: string,
    urls: readonly string[],
    clientPort: number,
  ): Promise<Service> {
    const body = { name, nodes: urls, client_port: clientPort };
    const { id } = ok(await owner.api<{ readonly id: string }>("POST", "/postern/v1/{pid}/clusters", body));
    return new Service(owner, id);
  }

  /** Registers a cluster and opens its service. */
  static async open(
    owner: Caller,
    name: string,
    nodes: readonly SearchNode[],
    wish: object = {},
  ): Promise<Service> {
    const service = await Service.register(owner, name, nodes);
    ok(await owner.api("POST", service.path("open"), wish));
    return service;
  }

  /** The path of one of the five operations. */
  path(operation: string): string {
    return `/v1.0/{pid}/clusters/${this.clusterId}/vpcepservice/${operation}`;
  }

  async connections(): Promise<Connections> {
    return ok(await this.owner.api<Connections>("GET", `${this.path("connections")}?limit=1000`));
  }

  async name(): Promise<string> {
    return (await this.connections()).vpcServiceName;
  }

  /** Every endpoint of the service with its figures, oldest first: the owner's own endpoint comes first. */
  async endpoints(): Promise<Endpoint[]> {
    const path = `/postern/v1/{pid}/clusters/${this.clusterId}/connections`;
    const { connections } = ok(await this.owner.api<{ readonly connections: Endpoint[] }>("GET", path));
    return connections.toReversed();
  }

  /** The endpoint that opening the service made. @throws Error when there is none. */
  async ownEndpoint(): Promise<Endpoint> {
    const [own] = await this.endpoints();
    if (!own) throw new Error("The service has no endpoint");
    return own;
  }

  async refusals(endpointId: string): Promise<Refusals> {
    const found = (await this.endpoints()).find(({ id }) => id === endpointId);
    if (!found) throw new Error(`The service has no endpoint ${endpointId}`);
    return found.refusals;
  }

  decide(action: "receive" | "reject", ...ids: readonly string[]): Promise<ApiAnswer<object>> {
    return this.owner.api("POST", this.path("connections"), { action, endpoint_id_list: ids });
  }

  whitelist(...accounts: readonly string[]): Promise<ApiAnswer<object>> {
    return this.owner.api("POST", this.path("permissions"), { vpc_permissions: accounts });
  }

  close(): Promise<ApiAnswer<object>> {
    return this.owner.api("PUT", this.path("close"));
  }

  setCap(endpointId: string, maxSession: number): Promise<ApiAnswer<object>> {
    const path = `/postern/v1/{pid}/clusters/${this.clusterId}/connections/${endpointId}`;
    return this.owner.api("PUT", path, { max_session: maxSession });
  }
}
