import type { WebhookId } from "../domain/ids.ts";
import type { Attempt, Webhook, WebhookSender } from "../domain/webhook.ts";
import { PosternError } from "../domain/errors.ts";

/** A model of those who deliver: every target is reachable but those that a test names. */
export class TestWebhooks implements WebhookSender {
  /** URLs that may not be reached. */
  readonly refused = new Set<string>();
  readonly sent: { readonly webhook: Webhook; readonly id: string; readonly body: string }[] = [];
  readonly woken: WebhookId[] = [];
  outcome: Attempt = { ok: true, status: 204 };

  checkTarget(url: string): Promise<void> {
    return this.refused.has(url)
      ? Promise.reject(new PosternError("bad_parameter", `${url} may not be reached.`, "url"))
      : Promise.resolve();
  }

  send(webhook: Webhook, id: string, body: string): Promise<Attempt> {
    this.sent.push({ webhook, id, body });
    return Promise.resolve(this.outcome);
  }

  wake(id: WebhookId): void {
    this.woken.push(id);
  }
}
