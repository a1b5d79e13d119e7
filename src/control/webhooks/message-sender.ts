import type { Attempt, Webhook } from "../../domain/webhook.ts";
import type { Clock } from "../../lib/clock.ts";
import { postJson } from "../../lib/post-json.ts";
import { webhookHeaders } from "../../lib/standard-webhook.ts";
import type { TargetGuard } from "./target-guard.ts";

const timeoutMs = 10_000;

/** Sends signed messages. */
export class MessageSender {
  readonly #guard: TargetGuard;
  readonly #clock: Clock;
  readonly #unseal: (sealed: string) => string;
  readonly #agent: string;

  /** @param version of Postern, which receivers see */
  constructor(guard: TargetGuard, clock: Clock, unseal: (sealed: string) => string, version: string) {
    this.#guard = guard;
    this.#clock = clock;
    this.#unseal = unseal;
    this.#agent = `Postern/${version}`;
  }

  /** Sends one message, once. Never rejects. @param id the same at each attempt */
  async send({ url, sealedSecret }: Webhook, id: string, body: string): Promise<Attempt> {
    try {
      const target = await this.#guard.addressOf(url);
      const headers = webhookHeaders(this.#unseal(sealedSecret), id, this.#clock.now(), body);
      const status = await postJson(target, { ...headers, "user-agent": this.#agent }, body, timeoutMs);
      if (status >= 200 && status < 300) return { ok: true, status };
      return { ok: false, problem: `HTTP ${status}` };
    } catch (error) {
      return { ok: false, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}
