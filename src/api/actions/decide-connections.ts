import { transition } from "../../domain/endpoint-state.ts";
import { PosternError } from "../../domain/errors.ts";
import type { AccountId, EndpointId } from "../../domain/ids.ts";
import type { Endpoint, EndpointService } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import { isWhitelisted } from "../../domain/whitelist.ts";

/**
 * Accepts or rejects connections of a service: all of them or, when one cannot be, none.
 * @param owner the account of the service
 * @throws PosternError connection_of_other_service where an id is no connection of this service; account_not_allowed where a
 *   connection of an account off the whitelist were to be accepted
 */
export async function decideConnections(
  tx: Repositories,
  service: EndpointService,
  owner: AccountId,
  decision: "receive" | "reject",
  ids: readonly string[],
  now: number,
): Promise<void> {
  const permissions = (await tx.services.permissions(service.id)).map((entry) => entry.permission);
  for (const id of new Set(ids)) {
    const endpoint = await requireConnection(tx, service, id);
    if (decision === "receive" && !isWhitelisted(permissions, owner, endpoint.accountId)) {
      throw new PosternError(
        "account_not_allowed",
        `Account ${endpoint.accountId} of connection ${id} is not on the whitelist. Add it there first.`,
      );
    }
    const next = transition(endpoint, decision);
    if (next !== endpoint) await tx.endpoints.setState(endpoint.id, next, now);
  }
}

/** @throws PosternError connection_of_other_service */
export async function requireConnection(
  tx: Repositories,
  service: EndpointService,
  id: string,
): Promise<Endpoint> {
  const endpoint = await tx.endpoints.find(id as EndpointId);
  if (endpoint?.serviceId === service.id) return endpoint;
  throw new PosternError(
    "connection_of_other_service",
    `${id} is no connection of this cluster's endpoint service. List the connections to find its id.`,
  );
}
