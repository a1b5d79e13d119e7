import type { FastifyRequest } from "fastify";
import type { GatewayId } from "../../domain/ids.ts";
import type { Gateway } from "../../domain/resources.ts";
import type { Store } from "../../domain/store.ts";
import { hashToken } from "../../lib/secrets.ts";
import { notAuthenticated } from "../errors.ts";

/** Returns the gateway whose token a request carries. @throws ApiGatewayError 401 */
export async function authenticate(store: Store, request: FastifyRequest): Promise<Gateway> {
  const token = request.headers["x-auth-token"];
  if (typeof token !== "string") throw notAuthenticated("x-auth-token not found");
  const { gateway_id: gatewayId } = request.params as { gateway_id: string };
  const gateway = await store.gateways.find(gatewayId as GatewayId);
  if (gateway?.tokenHash !== hashToken(token)) throw notAuthenticated("decrypt token fail");
  return gateway;
}
