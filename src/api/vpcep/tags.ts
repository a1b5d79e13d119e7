import type { Static } from "typebox";
import type { Tag } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { addTags, matchesTags, removeTags } from "../../domain/tags.ts";
import { commit } from "../actions/commit.ts";
import { checkIfMatch, clusterEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { requireOwn } from "../postern/locate-endpoint.ts";
import { stringEnum, tagList } from "../schema.ts";
import { requireOwnService } from "./find.ts";
import { Type } from "../type-builder.ts";

const pathId = Type.String({ minLength: 1, maxLength: 100 });
const resourceType = stringEnum(["endpoint_service", "endpoint"]);
const typeParams = Type.Object({ project_id: pathId, resource_type: resourceType });

export const batchAddOrRemoveResourceInstance = defineOperation({
  id: "BatchAddOrRemoveResourceInstance",
  method: "POST",
  path: "/v1/:project_id/:resource_type/:resource_id/tags/action",
  action: "vpcep:tags:update",
  protocol: "vpcep",
  schemas: {
    params: Type.Object({ project_id: pathId, resource_type: resourceType, resource_id: pathId }),
    body: Type.Object({ action: stringEnum(["create", "delete"]), tags: tagList }),
  },
  async handle(request, context) {
    const { principal, params, body } = request;
    const { resource_id: id } = params;
    const change = body.action === "create" ? addTags : removeTags;
    const resource = `${params.resource_type}/${id}`;
    const { headers } = await commit(context, request, "changeTags", resource, async (tx) => {
      const now = context.clock.now();
      if (params.resource_type === "endpoint") {
        const { endpoint, cluster } = await requireOwn(tx, principal, id);
        checkIfMatch(request.ifMatch, clusterEtag(cluster));
        await tx.endpoints.setDetails(
          endpoint.id,
          { ...endpoint, tags: change(endpoint.tags, body.tags) },
          now,
        );
        await tx.clusters.touch(cluster.id, now);
      } else {
        const { service, cluster } = await requireOwnService(tx, principal, id);
        checkIfMatch(request.ifMatch, clusterEtag(cluster));
        await tx.services.update({ ...service, tags: change(service.tags, body.tags), updatedAt: now });
        await tx.clusters.touch(cluster.id, now);
      }
    });
    return { status: 204, headers };
  },
});

export const listQueryProjectResourceTags = defineOperation({
  id: "ListQueryProjectResourceTags",
  method: "GET",
  path: "/v1/:project_id/:resource_type/tags",
  action: "vpcep:tags:list",
  protocol: "vpcep",
  schemas: { params: typeParams },
  async handle({ principal, params }, context) {
    const tagged = await context.store.read((tx) => resourcesOf(tx, principal, params.resource_type));
    const values = new Map<string, Set<string>>();
    for (const { key, value } of tagged.flatMap(({ tags }) => tags)) {
      values.set(key, (values.get(key) ?? new Set()).add(value));
    }
    const tags = [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { body: { tags: tags.map(([key, all]) => ({ key, values: [...all].toSorted() })) } };
  },
});

const matches = Type.Optional(
  Type.Array(
    Type.Object({
      key: Type.String({ maxLength: 128 }),
      values: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 20 })),
    }),
    { maxItems: 20 },
  ),
);
/** Clients send text, numbers, or one of each (contract section 3.9). */
const count = Type.Optional(
  Type.Union([Type.Integer({ minimum: 0, maximum: 1_000_000 }), Type.String({ pattern: "^\\d{1,6}$" })]),
);

const tagQuery = Type.Object({
  action: stringEnum(["filter", "count"]),
  limit: count,
  offset: count,
  tags: matches,
  tags_any: matches,
  not_tags: matches,
  not_tags_any: matches,
  sys_tags: matches,
  matches: Type.Optional(
    Type.Array(Type.Object({ key: stringEnum(["resource_name"]), value: Type.String({ maxLength: 255 }) }), {
      maxItems: 1,
    }),
  ),
  without_any_tag: Type.Optional(Type.Boolean()),
});

export const listResourceInstances = defineOperation({
  id: "ListResourceInstances",
  method: "POST",
  path: "/v1/:project_id/:resource_type/resource_instances/action",
  action: "vpcep:resource:list",
  protocol: "vpcep",
  schemas: { params: typeParams, body: tagQuery },
  async handle({ principal, params, body }, context) {
    const all = await context.store.read((tx) => resourcesOf(tx, principal, params.resource_type));
    const found = all.filter((resource) => isFound(resource, body));
    if (body.action === "count") return { body: { total_count: found.length } };
    const offset = Number(body.offset ?? 0);
    const page = found.slice(offset, offset + Number(body.limit ?? 1000));
    const resources = page.map(({ id, name, tags }) => ({ resource_id: id, resource_name: name, tags }));
    return { body: { resources, total_count: found.length } };
  },
});

interface Tagged {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly Tag[];
}

/** There are no system tags, so whoever asks for one finds nothing. */
function isFound({ name, tags }: Tagged, query: Static<typeof tagQuery>): boolean {
  if ((query.sys_tags ?? []).length > 0) return false;
  const wanted = query.matches?.[0]?.value ?? "";
  return name.includes(wanted.replace(/^\*/, "")) && matchesTags(tags, query);
}

/** Resources of the project by id, so that pages fit. An endpoint has no name but its id. */
async function resourcesOf(
  tx: Repositories,
  { projectId }: Principal,
  type: "endpoint_service" | "endpoint",
): Promise<readonly Tagged[]> {
  const resources: Tagged[] =
    type === "endpoint_service"
      ? (await tx.services.allOfProject(projectId)).filter((service) => service.enabled)
      : (await tx.endpoints.allOfProject(projectId)).map(({ id, tags }) => ({ id, name: id, tags }));
  return resources.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
