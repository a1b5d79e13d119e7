import { defineOperation } from "../operation.ts";
import { flag, readFlag } from "../schema.ts";
import { createProject } from "../actions/create-project.ts";
import { commit } from "../actions/commit.ts";
import { listLinks, originOf, renderProject } from "./render.ts";
import { Type } from "../type-builder.ts";

const text = Type.String({ maxLength: 128 });
const query = Type.Object({
  name: Type.Optional(text),
  domain_id: Type.Optional(text),
  parent_id: Type.Optional(text),
  enabled: Type.Optional(flag),
  is_domain: Type.Optional(flag),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000 })),
});

/** Clients that know a region only find its project here; they want exactly one (contract section 4.2). */
export const listProjects = defineOperation({
  id: "KeystoneListProjects",
  method: "GET",
  path: "/v3/projects",
  action: "iam:projects:listProjects",
  access: "signed_in",
  protocol: "iam",
  schemas: { query },
  async handle(request, context) {
    const { name, domain_id: domain, parent_id: parent, enabled, is_domain: isDomain } = request.query;
    const { page = 1, per_page: size = 5_000 } = request.query;
    const { accountId } = request.principal;
    const isNone =
      (domain ?? accountId) !== accountId ||
      (parent ?? accountId) !== accountId ||
      readFlag(isDomain) ||
      !readFlag(enabled, true);
    const all = isNone ? [] : await context.store.identity.projects(accountId);
    const found = all.filter((project) => name === undefined || project.name === name);
    const origin = originOf(request);
    return {
      body: {
        projects: found
          .slice((page - 1) * size, page * size)
          .map((project) => renderProject(project, origin)),
        links: listLinks(origin, "/v3/projects"),
      },
    };
  },
});

/** Projects that the caller can sign in to: all of his account. */
export const listAuthProjects = defineOperation({
  id: "KeystoneListAuthProjects",
  method: "GET",
  path: "/v3/auth/projects",
  action: "iam:projects:listProjectsForUser",
  access: "signed_in",
  protocol: "iam",
  schemas: {},
  async handle(request, context) {
    const projects = await context.store.identity.projects(request.principal.accountId);
    const origin = originOf(request);
    return {
      body: {
        projects: projects.map((project) => renderProject(project, origin)),
        links: listLinks(origin, "/v3/auth/projects"),
      },
    };
  },
});

const projectName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.-]*$" });
const body = Type.Object({
  project: Type.Object({ name: projectName, domain_id: Type.Optional(text), parent_id: Type.Optional(text) }),
});

/** Makes a project with a default VPC. The Node SDK calls this where a region has no project yet. */
export const keystoneCreateProject = defineOperation({
  id: "KeystoneCreateProject",
  method: "POST",
  path: "/v3/projects",
  action: "iam:projects:createProject",
  protocol: "iam",
  schemas: { body },
  async handle(request, context) {
    const { name } = request.body.project;
    const { accountId } = request.principal;
    const { result, headers } = await commit(context, request, "createProject", `project/${name}`, (tx) =>
      createProject(tx, accountId, name, context.clock.now()),
    );
    return { status: 201, headers, body: { project: renderProject(result, originOf(request)) } };
  },
});
