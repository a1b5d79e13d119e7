import { defineOperation, noProject } from "../operation.ts";
import { listLinks, originOf, renderCatalog, renderDomain, renderUser } from "./render.ts";
import { Type } from "../type-builder.ts";

/** The account of the caller (contract section 4.2). */
export const listDomains = defineOperation({
  id: "KeystoneListAuthDomains",
  method: "GET",
  path: "/v3/auth/domains",
  action: "iam:domains:list",
  access: "signed_in",
  protocol: "iam",
  schemas: {},
  async handle(request, context) {
    const account = await context.store.identity.account(request.principal.accountId);
    const origin = originOf(request);
    return {
      body: {
        domains: account ? [renderDomain(account, origin)] : [],
        links: listLinks(origin, "/v3/auth/domains"),
      },
    };
  },
});

export const showCatalog = defineOperation({
  id: "KeystoneListAuthCatalog",
  method: "GET",
  path: "/v3/auth/catalog",
  action: "iam:catalog:list",
  access: "signed_in",
  protocol: "iam",
  schemas: {},
  async handle(request, { region }) {
    const origin = originOf(request);
    const { projectId } = request.principal;
    const catalog = renderCatalog(origin, region, projectId === noProject ? null : projectId);
    return { body: { catalog, links: listLinks(origin, "/v3/auth/catalog") } };
  },
});

const query = Type.Object({ name: Type.Optional(Type.String({ maxLength: 128 })) });

export const listKeystoneUsers = defineOperation({
  id: "KeystoneListUsers",
  method: "GET",
  path: "/v3/users",
  action: "iam:users:listUsers",
  protocol: "iam",
  schemas: { query },
  async handle(request, context) {
    const { name } = request.query;
    const users = await context.store.identity.users(request.principal.accountId);
    const found = users.filter((user) => name === undefined || user.name === name);
    const origin = originOf(request);
    return {
      body: {
        users: found.map((user) => renderUser(user, origin)),
        links: listLinks(origin, "/v3/users"),
      },
    };
  },
});

function versions(id: string, path: string) {
  return defineOperation({
    id,
    method: "GET",
    path,
    action: "iam:versions:list",
    access: "public",
    protocol: "iam",
    schemas: {},
    async handle(request) {
      const links = [{ rel: "self", href: `${originOf(request)}/v3/` }];
      const mediaType = { base: "application/json", type: "application/vnd.openstack.identity-v3+json" };
      const version = {
        id: "v3.6",
        status: "stable",
        updated: "2016-04-04T00:00:00Z",
        links,
        "media-types": [mediaType],
      };
      return { status: 300, body: { versions: { values: [version] } } };
    },
  });
}

/** Discovery; 300 is the published status (contract section 4.2). */
export const listVersions = versions("KeystoneListVersions", "/");
export const showVersion = versions("KeystoneShowVersion", "/v3");
