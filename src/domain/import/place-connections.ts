import { formatIpv4Prefix, ipv4ToNumber, type Ipv4, type Ipv4Prefix } from "../../lib/ipv4.ts";
import type { AccountId, EndpointId, ProjectId } from "../ids.ts";
import { isHostAddress } from "../pool.ts";
import { isPrivateNetwork } from "../private-network.ts";
import { quotas } from "../quotas.ts";
import type { ImportedConnection } from "./check-connections.ts";
import type { ConsumerProject, ImportFacts, PresentNetwork } from "./facts.ts";
import type { Obstacle } from "./obstacle.ts";

/** An account that the import makes. */
export interface NewAccount {
  readonly id: AccountId;
  readonly name: string;
}

/** A network without an attachment that the import makes. */
export interface NewNetwork {
  readonly accountId: AccountId;
  /** null: the default project of an account that the import makes. */
  readonly projectId: ProjectId | null;
  readonly name: string;
  readonly prefix: Ipv4Prefix;
}

/** A connection with the network that its address is in. */
export interface PlacedConnection extends ImportedConnection {
  readonly network: PresentNetwork | NewNetwork;
}

interface Placement {
  readonly accounts: readonly NewAccount[];
  readonly networks: readonly NewNetwork[];
  readonly connections: readonly PlacedConnection[];
  readonly obstacles: readonly Obstacle[];
}

/** Finds the network of every connection: the first of its account's that has the address, free. */
export function placeConnections(
  connections: readonly ImportedConnection[],
  facts: ImportFacts,
  createMissing: boolean,
): Placement {
  const placing = new Placing(facts, createMissing && facts.importer.isOperator);
  for (const connection of connections) placing.place(connection);
  return placing;
}

/** The state of going through a listing: what was made and taken so far. */
class Placing implements Placement {
  readonly accounts: NewAccount[] = [];
  readonly networks: NewNetwork[] = [];
  readonly connections: PlacedConnection[] = [];
  readonly obstacles: Obstacle[] = [];
  readonly #facts: ImportFacts;
  readonly #createMissing: boolean;
  readonly #taken = new Map<PresentNetwork | NewNetwork, Map<Ipv4, EndpointId>>();
  readonly #placedIn = new Map<ProjectId, number>();

  constructor(facts: ImportFacts, createMissing: boolean) {
    this.#facts = facts;
    this.#createMissing = createMissing;
  }

  place(connection: ImportedConnection): void {
    const { accountId, address } = connection;
    const projects = this.#projectsOf(connection);
    if (!projects) return;
    const fitting = [
      ...projects.flatMap((project) => project.networks),
      ...this.networks.filter((network) => network.accountId === accountId),
    ].filter(({ prefix }) => isHostAddress(prefix, address));
    const free = fitting.find((network) => this.#holder(network, address) === undefined);
    if (free) this.#take(connection, free, projects);
    else if (fitting[0]) this.#refuseTaken(connection, fitting[0]);
    else this.#placeInNewNetwork(connection, projects);
  }

  /** Returns the projects that the connection may be in, or undefined after saying why there are none. */
  #projectsOf(connection: ImportedConnection): readonly ConsumerProject[] | undefined {
    const { accountId } = connection;
    const { importer, consumers, clusterName } = this.#facts;
    if (accountId !== importer.accountId && !importer.isOperator) {
      const reason = `It belongs to account ${accountId}. Only an operator may import connections of other accounts.`;
      this.#refuse(connection, reason, "Ask an operator of this installation to import the listing.");
      return undefined;
    }
    const projects = consumers.get(accountId);
    if (projects || this.accounts.some(({ id }) => id === accountId)) return projects ?? [];
    if (!this.#createMissing) {
      const fix = `Let the import make it, as an operator: postern import ${clusterName} FILE --create-missing`;
      this.#refuse(connection, `There is no account ${accountId} here.`, fix);
      return undefined;
    }
    this.accounts.push({ id: accountId, name: `imported-${accountId}`.slice(0, accountNameLimit) });
    return [];
  }

  #take(
    connection: ImportedConnection,
    network: PresentNetwork | NewNetwork,
    projects: readonly ConsumerProject[],
  ): void {
    const project = projects.find(({ id }) => id === network.projectId);
    if (project) {
      const placed = (this.#placedIn.get(project.id) ?? project.endpoints) + 1;
      this.#placedIn.set(project.id, placed);
      if (placed > quotas.endpoints) {
        const reason = `Project ${project.id} would have ${placed} endpoints; its quota is ${quotas.endpoints}.`;
        this.#refuse(connection, reason, "Delete endpoints of that project first.");
      }
    }
    const taken = this.#taken.get(network) ?? new Map<Ipv4, EndpointId>();
    this.#taken.set(network, taken.set(connection.address, connection.id));
    this.connections.push({ ...connection, network });
  }

  #placeInNewNetwork(connection: ImportedConnection, projects: readonly ConsumerProject[]): void {
    const { accountId, address } = connection;
    const prefix = networkAround(address);
    if (!prefix) {
      const reason = `No network has ${address}, and it is no private address that a network could be recorded for.`;
      this.#refuse(connection, reason, "Take the connection out of the file, with total_count one less.");
      return;
    }
    const [project] = projects;
    const name = this.#freeName(accountId, project, `imported-${formatIpv4Prefix(prefix).replace("/", "-")}`);
    const network = { accountId, projectId: project?.id ?? null, name, prefix };
    if (this.#createMissing) {
      this.networks.push(network);
      this.#take(connection, network, projects);
      return;
    }
    const command = `postern vpc create ${name} --cidr ${formatIpv4Prefix(prefix)} --attachment none`;
    const isOwn = accountId === this.#facts.importer.accountId;
    const fix = isOwn
      ? command
      : `As account ${accountId}: ${command} (or import as an operator with --create-missing)`;
    this.#refuse(connection, `No network of account ${accountId} has the address ${address}.`, fix);
  }

  #freeName(accountId: AccountId, project: ConsumerProject | undefined, wanted: string): string {
    const names = new Set(project?.networkNames);
    for (const network of this.networks) if (network.accountId === accountId) names.add(network.name);
    let name = wanted;
    for (let number = 2; names.has(name); number += 1) name = `${wanted}-${number}`;
    return name;
  }

  #holder(network: PresentNetwork | NewNetwork, address: Ipv4): string | undefined {
    if ("used" in network && network.used.has(address)) return "an endpoint that exists already";
    const other = this.#taken.get(network)?.get(address);
    return other && `connection ${other} of the listing`;
  }

  #refuseTaken(connection: ImportedConnection, network: PresentNetwork | NewNetwork): void {
    const holder = this.#holder(network, connection.address) ?? "";
    const cidr = formatIpv4Prefix(network.prefix);
    this.#refuse(
      connection,
      `In the network ${cidr} of account ${connection.accountId}, ${holder} has the address ${connection.address}.`,
      "Delete the other endpoint first (postern endpoint delete ID), or take one of them out of the file.",
    );
  }

  #refuse({ id }: ImportedConnection, reason: string, fix: string): void {
    this.obstacles.push({ connection: id, reason, fix });
  }
}

const accountNameLimit = 64;
const usualLength = 24;
const shortestLength = 8;

/** Returns the /24 around an address, or a larger network where it would be that one's first or last. */
function networkAround(address: Ipv4): Ipv4Prefix | undefined {
  const value = ipv4ToNumber(address);
  for (let length = usualLength; length >= shortestLength; length -= 1) {
    const size = 2 ** (32 - length);
    const first = value - (value % size);
    const prefix = { first, last: first + size - 1, length };
    if (isPrivateNetwork(prefix) && isHostAddress(prefix, address)) return prefix;
  }
  return undefined;
}
