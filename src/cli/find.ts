import type { ApiClient } from "./api-client.ts";
import { CliError, UsageError } from "./cli-error.ts";
import type { Account, Cluster, Project, Subnet, User, Vpc } from "./wire.ts";

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const namesShown = 10;

/** Names are shorter, so that what is an id is never one. */
export function isId(reference: string): boolean {
  return uuid.test(reference);
}

export function listClusters(api: ApiClient): Promise<Cluster[]> {
  return api.list<Cluster>(api.own("clusters"), "clusters");
}

/**
 * Returns the cluster with this name or id; without one, the only cluster of the project.
 * @throws UsageError where several could be meant
 * @throws CliError where there is none
 */
export async function findCluster(api: ApiClient, reference: string | undefined): Promise<Cluster> {
  // Names are shorter than a UUID, so a reference is never both.
  if (reference !== undefined && uuid.test(reference))
    return api.get<Cluster>(api.own("clusters", reference));
  const clusters = await listClusters(api);
  if (clusters.length === 0) {
    throw new CliError(
      "No cluster is registered in this project.",
      "Register one with: postern cluster add NAME http://NODE:9200 --open",
    );
  }
  if (reference !== undefined) return pickNamed("cluster", clusters, reference, "postern cluster list");
  const [only, ...others] = clusters;
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError(
    `This project has ${clusters.length} clusters, so the command must say which one.`,
    `Add the name or id of one of: ${namesOf(clusters)}`,
  );
}

/** Returns the VPC with this name or id. */
export async function findVpc(api: ApiClient, reference: string): Promise<Vpc> {
  if (uuid.test(reference)) return api.get<Vpc>(api.own("vpcs", reference));
  return pickNamed("VPC", await api.list<Vpc>(api.own("vpcs"), "vpcs"), reference, "postern vpc list");
}

export async function listUsers(api: ApiClient): Promise<User[]> {
  return (await api.get<{ users: User[] }>(["postern", "v1", "users"])).users;
}

/** Returns the user of this account with this name or id. */
export async function findUser(api: ApiClient, reference: string): Promise<User> {
  const users = await listUsers(api);
  const byId = users.find((user) => user.id === reference);
  return byId ?? pickNamed("user", users, reference, "postern user list");
}

/** Returns the account of this installation with this name or id. */
export async function findAccount(api: ApiClient, reference: string): Promise<Account> {
  const accounts = await api.list<Account>(["postern", "v1", "accounts"], "accounts");
  const byId = accounts.find((account) => account.id === reference);
  return byId ?? pickNamed("account", accounts, reference, "postern account list");
}

export async function listProjects(api: ApiClient): Promise<Project[]> {
  return (await api.get<{ projects: Project[] }>(["v3", "projects"])).projects;
}

/** Returns the project of this account with this name or id. */
export async function findProject(api: ApiClient, reference: string): Promise<Project> {
  const projects = await listProjects(api);
  const byId = projects.find((project) => project.id === reference);
  return byId ?? pickNamed("project", projects, reference, "postern project list");
}

/** Returns the subnet of a VPC with this name or id. */
export function findSubnet(vpc: Vpc, reference: string): Subnet {
  const byId = vpc.subnets.find((subnet) => subnet.id === reference);
  return byId ?? pickNamed(`subnet of VPC ${vpc.name}`, vpc.subnets, reference, "postern vpc list");
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Returns the only one with the name. @throws CliError, UsageError */
export function pickNamed<Item extends Named>(
  kind: string,
  items: readonly Item[],
  name: string,
  list: string,
): Item {
  const [found, ...others] = items.filter((item) => item.name === name);
  if (found === undefined) {
    throw new CliError(
      `There is no ${kind} "${name}" in this project.`,
      items.length === 0 ? `See what there is: ${list}` : `There are: ${namesOf(items)}`,
    );
  }
  if (others.length === 0) return found;
  throw new UsageError(
    `${others.length + 1} of them are called "${name}" (${kind}).`,
    `Say which by its id: ${[found, ...others].map((item) => item.id).join(", ")}`,
  );
}

function namesOf(items: readonly Named[]): string {
  const shown = items
    .slice(0, namesShown)
    .map((item) => item.name)
    .join(", ");
  return items.length > namesShown ? `${shown} and ${items.length - namesShown} more` : shown;
}
