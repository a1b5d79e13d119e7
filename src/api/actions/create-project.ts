import { PosternError } from "../../domain/errors.ts";
import { newHexId, type AccountId, type ProjectId } from "../../domain/ids.ts";
import type { Project } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { insertVpc } from "./insert-vpc.ts";

const projectsLimit = 100;

/**
 * Makes a project with a default VPC.
 * @throws PosternError already_in_use, quota_exceeded
 */
export async function createProject(
  tx: Repositories,
  accountId: AccountId,
  name: string,
  now: number,
): Promise<Project> {
  const projects = await tx.identity.projects(accountId);
  if (projects.some((project) => project.name === name)) {
    throw new PosternError("already_in_use", `This account has a project named ${name} already.`);
  }
  if (projects.length >= projectsLimit) {
    throw new PosternError("quota_exceeded", `This account has ${projectsLimit} projects already.`);
  }
  const project = { id: newHexId<ProjectId>(), accountId, name, createdAt: now };
  await tx.identity.insertProject(project);
  await insertVpc(tx, project.id, { name: "default" }, now);
  return project;
}
