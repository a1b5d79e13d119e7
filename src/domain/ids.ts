import { randomBytes, randomUUID } from "node:crypto";
import type { Brand } from "../lib/brand.ts";

/** 32 lower-case hex digits (contract, conventions). */
export type AccountId = Brand<string, "AccountId">;
/** 32 lower-case hex digits. */
export type ProjectId = Brand<string, "ProjectId">;
/** 32 lower-case hex digits. */
export type UserId = Brand<string, "UserId">;
/** UUID. */
export type ClusterId = Brand<string, "ClusterId">;
/** UUID. */
export type NodeId = Brand<string, "NodeId">;
/** UUID. */
export type VpcId = Brand<string, "VpcId">;
/** UUID. */
export type SubnetId = Brand<string, "SubnetId">;
/** UUID. */
export type ServiceId = Brand<string, "ServiceId">;
/** UUID. */
export type ServiceDomainId = Brand<string, "ServiceDomainId">;
/** UUID. */
export type EndpointId = Brand<string, "EndpointId">;
/** UUID. */
export type PermissionId = Brand<string, "PermissionId">;
/** UUID. */
export type GatewayId = Brand<string, "GatewayId">;
/** UUID. */
export type WebhookId = Brand<string, "WebhookId">;

/** The id families that are UUIDs on the wire. */
type UuidId =
  | ServiceDomainId
  | ClusterId
  | NodeId
  | VpcId
  | SubnetId
  | ServiceId
  | EndpointId
  | PermissionId
  | GatewayId
  | WebhookId;
/** The id families that are 32 hex digits on the wire. */
type HexId = AccountId | ProjectId | UserId;

/** Whether a text is a UUID as this installation writes them: lower case, with hyphens. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

export function newUuid<Id extends UuidId>(): Id {
  return randomUUID() as Id;
}

export function newHexId<Id extends HexId>(): Id {
  return randomBytes(16).toString("hex") as Id;
}
