import { randomBytes } from "node:crypto";
import { PosternError } from "../../domain/errors.ts";
import { newUuid, type ServiceDomainId } from "../../domain/ids.ts";
import type { EndpointService } from "../../domain/resources.ts";
import {
  isDomainName,
  isInZone,
  judgeProof,
  mostDomains,
  proofOf,
  type ProofAnswer,
  type ServiceDomain,
} from "../../domain/service-domain.ts";
import type { Repositories } from "../../domain/store.ts";
import type { TxtLookup } from "../../lib/txt-lookup.ts";
import { commit } from "../actions/commit.ts";
import { renderTime } from "../css/render-connections.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { resourceParams } from "../schema.ts";
import { requireOwnService } from "../vpcep/find.ts";
import { Type } from "../type-builder.ts";

const domainParams = Type.Object({
  ...resourceParams.properties,
  domain_id: Type.String({ minLength: 1, maxLength: 100 }),
});
const path = "/postern/v1/:project_id/services/:id/domains";

/** Attaches a name of the owner's own to a service; it leads nowhere before it is verified. */
export const createServiceDomain = defineOperation({
  id: "CreateServiceDomain",
  method: "POST",
  path,
  action: "postern:domain:create",
  schemas: {
    params: resourceParams,
    body: Type.Object({ name: Type.String({ minLength: 1, maxLength: 254 }) }),
  },
  async handle(request, context) {
    const { params, principal } = request;
    const name = request.body.name.toLowerCase().replace(/\.$/, "");
    if (!isDomainName(name) || isInZone(name, context.zone))
      throw new PosternError(
        "bad_parameter",
        `"${request.body.name}" cannot be attached. Give a whole host name such as logs.example.com, outside ${context.zone}.`,
        "name",
      );
    const { result, headers } = await commit(
      context,
      request,
      "createServiceDomain",
      `service/${params.id}`,
      async (tx) => {
        const { service } = await requireOwnService(tx, principal, params.id);
        await requireRoom(tx, service, name);
        const domain: ServiceDomain = {
          id: newUuid<ServiceDomainId>(),
          serviceId: service.id,
          name,
          token: randomBytes(16).toString("hex"),
          status: "pending",
          problem: null,
          createdAt: context.clock.now(),
          checkedAt: null,
        };
        await tx.domains.insert(domain);
        return renderDomain(domain);
      },
    );
    return { headers: { ...headers, etag: contentEtag(result) }, body: result };
  },
});

export const listServiceDomains = defineOperation({
  id: "ListServiceDomains",
  method: "GET",
  path,
  action: "postern:domain:list",
  schemas: { params: resourceParams },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const { service } = await requireOwnService(tx, principal, params.id);
      const domains = (await tx.domains.allOfService(service.id)).map(renderDomain);
      return { body: { domains, total_count: domains.length } };
    });
  },
});

export const showServiceDomain = defineOperation({
  id: "ShowServiceDomain",
  method: "GET",
  path: `${path}/:domain_id`,
  action: "postern:domain:get",
  schemas: { params: domainParams },
  async handle({ principal, params }, context) {
    return context.store.read(async (tx) => {
      const body = renderDomain(await requireDomain(tx, principal, params));
      return { headers: { etag: contentEtag(body) }, body };
    });
  },
});

/** Looks the proof up now. What it finds is the answer, not an error: the status says it. */
export const verifyServiceDomain = defineOperation({
  id: "VerifyServiceDomain",
  method: "POST",
  path: `${path}/:domain_id/verify`,
  action: "postern:domain:verify",
  schemas: { params: domainParams },
  async handle(request, context) {
    const { params, principal, ifMatch } = request;
    const known = await context.store.read((tx) => requireDomain(tx, principal, params));
    // Outside of the transaction: other writes do not wait for somebody's name server.
    const answer = await lookUp(context.lookUpTxt, proofOf(known).name);
    const { result, headers } = await commit(
      context,
      request,
      "verifyServiceDomain",
      `service/${params.id}`,
      async (tx) => {
        const domain = await requireDomain(tx, principal, params);
        checkIfMatch(ifMatch, contentEtag(renderDomain(domain)));
        const after = judgeProof(domain, answer, context.clock.now());
        if (after.status === "verified") await requireUnclaimed(tx, after);
        await tx.domains.update(after);
        return renderDomain(after);
      },
    );
    return { headers: { ...headers, etag: contentEtag(result) }, body: result };
  },
});

export const deleteServiceDomain = defineOperation({
  id: "DeleteServiceDomain",
  method: "DELETE",
  path: `${path}/:domain_id`,
  action: "postern:domain:delete",
  schemas: { params: domainParams },
  async handle(request, context) {
    const { params, principal, ifMatch } = request;
    const { headers } = await commit(
      context,
      request,
      "deleteServiceDomain",
      `service/${params.id}`,
      async (tx) => {
        const domain = await requireDomain(tx, principal, params);
        checkIfMatch(ifMatch, contentEtag(renderDomain(domain)));
        await tx.domains.delete(domain.id);
      },
    );
    return { status: 204, headers };
  },
});

async function lookUp(lookUpTxt: TxtLookup, name: string): Promise<ProofAnswer> {
  try {
    return { kind: "texts", texts: await lookUpTxt(name) };
  } catch (error) {
    return { kind: "no_answer", problem: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws PosternError already_in_use, quota_exceeded */
async function requireRoom(tx: Repositories, service: EndpointService, name: string): Promise<void> {
  const present = await tx.domains.allOfService(service.id);
  if (present.some((domain) => domain.name === name))
    throw new PosternError("already_in_use", `${name} is attached to this service already.`);
  if (present.length >= mostDomains)
    throw new PosternError(
      "quota_exceeded",
      `A service has at most ${mostDomains} names of its own. Delete one that nobody uses any more.`,
    );
}

/** Two services of one name would leave it to chance where a consumer of both gets. @throws PosternError already_in_use */
async function requireUnclaimed(tx: Repositories, { id, name }: ServiceDomain): Promise<void> {
  const holder = await tx.domains.findVerified(name);
  if (!holder || holder.id === id) return;
  throw new PosternError(
    "already_in_use",
    `${name} leads to another service. Its owner has to delete it there first.`,
  );
}

/** @throws PosternError resource_not_found */
async function requireDomain(
  tx: Repositories,
  principal: Principal,
  params: { readonly id: string; readonly domain_id: string },
): Promise<ServiceDomain> {
  const { service } = await requireOwnService(tx, principal, params.id);
  const domain = await tx.domains.find(params.domain_id as ServiceDomainId);
  if (domain?.serviceId === service.id) return domain;
  throw new PosternError(
    "resource_not_found",
    `The service has no domain ${params.domain_id}. List its domains to find the id.`,
  );
}

function renderDomain(domain: ServiceDomain): object {
  const { id, serviceId, name, status, problem, createdAt, checkedAt } = domain;
  return {
    id,
    service_id: serviceId,
    name,
    status,
    record: { ...proofOf(domain), type: "TXT" },
    ...(problem === null ? {} : { problem }),
    created_at: renderTime(createdAt),
    ...(checkedAt === null ? {} : { checked_at: renderTime(checkedAt) }),
  };
}
