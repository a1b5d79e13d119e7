import { Type } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import type { ProjectId } from "../../domain/ids.ts";
import type { Project } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { renderTime } from "../css/render-connections.ts";
import { contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";

const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });

/** One project; lists and creation are the identity service's (contract section 4.2). */
export const showProject = defineOperation({
  id: "ShowProject",
  method: "GET",
  path: "/postern/v1/projects/:id",
  action: "postern:project:get",
  schemas: { params },
  async handle({ principal, params: { id } }, context) {
    const project = await requireProject(context.store, principal, id);
    return { headers: { etag: contentEtag(project) }, body: renderProject(project) };
  },
});

function renderProject({ id, name, accountId, createdAt }: Project): object {
  return { id, name, account_id: accountId, created_at: renderTime(createdAt) };
}

/** @throws PosternError resource_not_found: also for another account's project */
async function requireProject(tx: Repositories, principal: Principal, id: string): Promise<Project> {
  const project = await tx.identity.project(id as ProjectId);
  if (project?.accountId === principal.accountId) return project;
  throw new PosternError(
    "resource_not_found",
    `Project ${id} does not exist in this account. List the projects.`,
  );
}
