import type { Static } from "typebox";
import {
  attachmentKinds,
  devicePattern,
  hostNameOf,
  isDeviceName,
  isKernelAttachment,
  namespacePattern,
  type Attachment,
} from "../../domain/attachment.ts";
import { PosternError } from "../../domain/errors.ts";
import type { VpcId } from "../../domain/ids.ts";
import type { Vpc } from "../../domain/resources.ts";
import type { Repositories } from "../../domain/store.ts";
import type { Principal } from "../operation.ts";
import { stringEnum } from "../schema.ts";
import { Type } from "../type-builder.ts";

export const attachmentSchema = Type.Object({
  kind: stringEnum(attachmentKinds),
  /** With `interface`: a NIC, VLAN, bridge or tunnel of the gateway's host. */
  device: Type.Optional(Type.String({ minLength: 1, maxLength: 15, pattern: devicePattern })),
  /** With `netns`: an existing network namespace of the gateway's host. */
  namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: namespacePattern })),
});

/** @throws PosternError missing_parameter, bad_parameter */
export function readAttachment(wish: Static<typeof attachmentSchema>): Attachment {
  const { kind, device, namespace } = wish;
  if (device !== undefined && kind !== "interface") throw pointless("device", kind);
  if (namespace !== undefined && kind !== "netns") throw pointless("namespace", kind);
  if (kind === "netns") {
    if (namespace === undefined) throw missing("namespace", "netns", "network namespace");
    return { kind, namespace };
  }
  if (kind !== "interface") return { kind };
  if (device === undefined) throw missing("device", "interface", "network interface");
  if (isDeviceName(device)) return { kind, device };
  throw new PosternError(
    "bad_parameter",
    `attachment.device: ${device} is the gateway's own. Name an interface that leads to the consumers' network.`,
    "attachment",
  );
}

function pointless(field: string, kind: string): PosternError {
  return new PosternError(
    "bad_parameter",
    `attachment.${field} has no meaning with the kind ${kind}. Leave it out, or choose another kind.`,
    "attachment",
  );
}

function missing(field: string, kind: string, what: string): PosternError {
  return new PosternError(
    "missing_parameter",
    `attachment.${field} is missing: the kind ${kind} takes the name of a ${what} of the gateway's host.`,
    "attachment",
  );
}

/**
 * Interfaces and namespaces are the host's, not a tenant's: whoever could name any would reach networks of others.
 * @throws PosternError forbidden
 */
export function requireRightsToAttach(principal: Principal, ...attachments: readonly Attachment[]): void {
  if (principal.isOperator || !attachments.some(isKernelAttachment)) return;
  throw new PosternError(
    "forbidden",
    "Only an operator of this installation attaches and detaches interfaces and namespaces of the gateway's host. " +
      "Make the network without an attachment, and ask an operator to attach it by its id.",
  );
}

/**
 * Addresses of loopback exist there only, and others never there.
 * @throws PosternError state_forbids
 */
export function requireSameSpace(vpc: Vpc, attachment: Attachment): void {
  if ((vpc.attachment.kind === "loopback") === (attachment.kind === "loopback")) return;
  const where = vpc.attachment.kind === "loopback" ? "exist on loopback only" : "cannot be on loopback";
  throw new PosternError(
    "state_forbids",
    `The addresses of VPC ${vpc.name} (${vpc.cidr}) ${where}. Create another VPC with that attachment.`,
  );
}

/**
 * A host's interface or namespace is one network.
 * @param self the VPC that is to have it
 * @throws PosternError already_in_use
 */
export async function requireFreeOnHost(
  tx: Repositories,
  attachment: Attachment,
  self?: VpcId,
): Promise<void> {
  if (!isKernelAttachment(attachment)) return;
  const user = await tx.networks.vpcOnHost(attachment);
  if (!user || user.id === self) return;
  const kind = attachment.kind === "interface" ? "interface" : "namespace";
  throw new PosternError(
    "already_in_use",
    `The ${kind} ${hostNameOf(attachment)} is VPC ${user.id} already. Name another, or detach that one first.`,
  );
}
