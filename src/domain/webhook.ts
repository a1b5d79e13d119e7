import type { EventKind } from "./events.ts";
import type { ProjectId, WebhookId } from "./ids.ts";
import type { Timestamp } from "./resources.ts";

/** Where a project wants to be told of its events. */
export interface Webhook {
  readonly id: WebhookId;
  readonly projectId: ProjectId;
  readonly url: string;
  /** Empty: all kinds. */
  readonly kinds: readonly EventKind[];
  readonly description: string;
  readonly enabled: boolean;
  /** What signs its messages, encrypted with the installation's key. */
  readonly sealedSecret: string;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

/** One event on its way to one webhook. It goes when it has arrived. */
export interface Delivery {
  readonly id: string;
  readonly webhookId: WebhookId;
  readonly seq: number;
  readonly kind: EventKind;
  readonly resource: string;
  readonly body: string;
  /** `dead`: it was tried for about a day, and waits for somebody to retry it. */
  readonly status: "pending" | "dead";
  readonly failures: number;
  readonly nextAt: Timestamp;
  /** Why the last attempt failed; null before the first. */
  readonly problem: string | null;
  readonly createdAt: Timestamp;
}

/** Webhooks that a project may have. */
export const mostWebhooks = 20;
export const firstRetryMs = 1_000;
export const mostRetryMs = 4 * 60 * 60_000;
/** With doubling waits from 1 s to 4 h that is a day. */
export const mostAttempts = 20;

/** How an attempt to deliver ended. */
export type Attempt =
  | { readonly ok: true; readonly status: number }
  | { readonly ok: false; readonly problem: string };

/** What the API asks of those who deliver. */
export interface WebhookSender {
  /**
   * Finds out whether a webhook may lead there, as far as that can be known now.
   * @throws PosternError bad_parameter
   */
  checkTarget(url: string): Promise<void>;
  /** Sends one message now, once. Never rejects. */
  send(webhook: Webhook, id: string, body: string): Promise<Attempt>;
  /** Deliveries of the webhook may be due now. */
  wake(id: WebhookId): void;
}

/**
 * Returns the URL of a webhook, or what is wrong with it.
 * @param text at most 2,048 characters
 */
export function parseWebhookUrl(text: string): URL | string {
  const url = text.length <= 2_048 ? URL.parse(text) : null;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) return "It is no http or https URL.";
  if (url.username !== "" || url.password !== "")
    return "It holds a user name or a password, which would end up in logs: messages are signed instead.";
  if (url.hash !== "") return "It has a fragment (#...), which no server is told of.";
  if (url.port === "0") return "Nobody can listen on port 0.";
  return url;
}
