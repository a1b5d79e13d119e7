import type { Caller, Service } from "../service.ts";
import { foundAt, noName } from "./name-asker.ts";
import type { Found } from "./name-asker.ts";

/** A network with a name server of its own. */
export interface NamedNetwork {
  readonly name: string;
  readonly vpcId: string;
  readonly consumer: Caller;
  /** Addresses of the pool, with the name server's; undefined where they do not run out. */
  readonly poolSize: number | undefined;
  readonly isDual: boolean;
}

export interface NodeOfService {
  readonly url: string;
  readonly isAlive: boolean;
  setAlive(isAlive: boolean): Promise<void>;
}

export interface NamedService {
  readonly service: Service;
  /** Whose endpoint opening makes sure of. */
  readonly home: NamedNetwork;
  readonly needsApproval: boolean;
  readonly nodes: readonly NodeOfService[];
  isOpen: boolean;
}

/** An endpoint, as everybody was told of it when it was made; what is not told anew has to stay. */
export interface NamedEndpoint {
  readonly id: string;
  readonly dnsName: string;
  readonly ip: string;
  readonly ip6: string | undefined;
  readonly network: NamedNetwork;
  readonly of: NamedService;
  status: "pendingAcceptance" | "accepted" | "rejected";
  isDeleted: boolean;
}

/** What somebody in a network has to find of an endpoint's name. */
export function expectedIn(network: NamedNetwork, endpoint: NamedEndpoint): Found {
  const { of, isDeleted, status } = endpoint;
  const isServing = of.isOpen && of.nodes.some(({ isAlive }) => isAlive);
  const isThere = !isDeleted && status === "accepted" && isServing && endpoint.network === network;
  return isThere ? foundAt(endpoint.ip, endpoint.ip6) : noName;
}

/** Whether the network has had as many endpoints as addresses: what was released is nobody's for now. */
export function isUsedUp({ poolSize }: NamedNetwork, made: readonly NamedEndpoint[]): boolean {
  // One is the name server's.
  return poolSize !== undefined && made.length >= poolSize - 1;
}
