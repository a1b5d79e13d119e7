import type { KernelAttachment } from "./desired.ts";

/**
 * How gateways are attached to a network. `loopback`: its addresses are this host's own. `none`: no gateway is
 * attached yet; endpoints keep their addresses and states there, and nothing is carried. The others are resources of
 * the gateway's host, and the kernel carries their sessions.
 */
export type Attachment = { readonly kind: "loopback" } | { readonly kind: "none" } | KernelAttachment;

export const attachmentKinds = ["loopback", "none", "interface", "netns"] as const;

/** Largest number that a network can have, so most networks of an installation. */
export const vpcNumberLimit = 65_535;

/**
 * Names that Linux would take, without those that a shell, an option parser or a set of nftables reads as something
 * else.
 */
export const devicePattern = "^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,14}$";
export const namespacePattern = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$";

const device = new RegExp(devicePattern);
const namespace = new RegExp(namespacePattern);

/** Whether an interface of this name can be a consumers' network: `lo` is the host itself. */
export function isDeviceName(text: string): boolean {
  return device.test(text) && text !== "lo";
}

export function isNamespaceName(text: string): boolean {
  return namespace.test(text);
}

export function isKernelAttachment(attachment: Attachment): attachment is KernelAttachment {
  return attachment.kind === "interface" || attachment.kind === "netns";
}

/** Returns the name of the host's device or namespace, or null where none belongs to the attachment. */
export function hostNameOf(attachment: Attachment): string | null {
  if (attachment.kind === "interface") return attachment.device;
  return attachment.kind === "netns" ? attachment.namespace : null;
}
