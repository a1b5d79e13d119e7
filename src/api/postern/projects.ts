import { PosternError } from "../../domain/errors.ts";
import type { ProjectId } from "../../domain/ids.ts";
import type { Project } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { commit } from "../actions/commit.ts";
import { deleteProject as removeProject } from "../actions/delete-tenant.ts";
import { renderTime } from "../css/render-connections.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { Type } from "../type-builder.ts";

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

/** Takes the tokens along that are good for it, at once. Users and keys are the account's and stay. */
export const deleteProject = defineOperation({
  id: "DeleteProject",
  method: "DELETE",
  path: "/postern/v1/projects/:id",
  action: "postern:project:delete",
  schemas: { params },
  async handle(request, context) {
    const { principal } = request;
    const { id } = request.params;
    const { headers } = await commit(context, request, "deleteProject", `project/${id}`, async (tx) => {
      const project = await requireProject(tx, principal, id);
      checkIfMatch(request.ifMatch, contentEtag(project));
      if (project.id === principal.projectId) {
        throw new PosternError(
          "state_forbids",
          "This is the project that you are signed in to. Sign in to another project, or to the account, first.",
        );
      }
      await removeProject(tx, project);
    });
    return { status: 204, headers };
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
