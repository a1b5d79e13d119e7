import { PosternError } from "../../domain/errors.ts";
import type { Account, Project } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";

/**
 * Deletes a project with the tokens that are good for it, and the unused network that it was made with.
 * @throws PosternError already_in_use while it has clusters, endpoints or further networks
 */
export async function deleteProject(tx: Repositories, project: Project): Promise<void> {
  const { clusters, endpoints } = await tx.counts(project.id);
  if (clusters > 0 || endpoints > 0) throw inUse(project, `${clusters} clusters and ${endpoints} endpoints`);
  const { items, total } = await tx.networks.vpcs(project.id, { offset: 0, limit: 1 });
  const [home] = items;
  if (total > 1 || (home && home.name !== "default")) throw inUse(project, `${total} networks`);
  if (home) await tx.networks.deleteVpc(home.id);
  await tx.identity.deleteProject(project.id);
}

/**
 * Deletes an account with its projects, users, keys and tokens.
 * @throws PosternError already_in_use while one of its projects has anything
 */
export async function deleteAccount(tx: Repositories, account: Account): Promise<void> {
  for (const user of await tx.identity.users(account.id)) await tx.identity.deleteUser(user.id);
  for (const project of await tx.identity.projects(account.id)) await deleteProject(tx, project);
  await tx.identity.deleteAccount(account.id);
}

function inUse({ name }: Project, what: string): PosternError {
  return new PosternError(
    "already_in_use",
    `Project ${name} still has ${what}. Remove its endpoints first, then its clusters, then its networks.`,
  );
}
