import type { WebhookId } from "../../domain/ids.ts";
import type { Store } from "../../domain/store.ts";
import {
  firstRetryMs,
  mostAttempts,
  mostRetryMs,
  type Attempt,
  type Delivery,
  type Webhook,
  type WebhookSender,
} from "../../domain/webhook.ts";
import { jitteredBackoffMs } from "../../lib/backoff.ts";
import type { Clock } from "../../lib/clock.ts";
import type { MessageSender } from "./message-sender.ts";
import type { TargetGuard } from "./target-guard.ts";

/** Messages under way at once: to one webhook, to all, and to all whose last message failed. */
const mostOfWebhook = 4;
const mostInAll = 64;
const mostFailing = 32;
/** Messages of one resource in a row, before others of the webhook have their turn. */
const mostInRow = 50;
const tickMs = 250;

/** What this process knows of one webhook; all that has to outlive it is in the store. */
interface Lane {
  /** Resources with a message under way. */
  readonly busy: Set<string>;
  /** When there may be something to do; Infinity: not before somebody says so. */
  dueAt: number;
  isLooking: boolean;
  /** The last message failed: one at a time, until one arrives. */
  isFailing: boolean;
}

export interface DispatcherLog {
  error(fields: object, message: string): void;
}

/**
 * Brings events to webhooks: at least once, those of one resource in their order, each webhook at its own pace. What is
 * under way is in the store until it has arrived, so a process that dies loses nothing.
 */
export class Dispatcher implements WebhookSender {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #guard: TargetGuard;
  readonly #sender: MessageSender;
  readonly #log: DispatcherLog;
  readonly #lanes = new Map<WebhookId, Lane>();
  readonly #ended: (() => void)[] = [];
  #isClosed = false;

  constructor(store: Store, clock: Clock, guard: TargetGuard, sender: MessageSender, log: DispatcherLog) {
    this.#store = store;
    this.#clock = clock;
    this.#guard = guard;
    this.#sender = sender;
    this.#log = log;
  }

  /** Takes up what an earlier process left. */
  async start(): Promise<void> {
    this.#ended.push(
      this.#store.onEvents(({ webhooks }) => {
        for (const id of webhooks) this.wake(id);
      }),
    );
    const timer = setInterval(() => this.tick(), tickMs);
    this.#ended.push(() => clearInterval(timer));
    for (const id of await this.#store.webhooks.withPending()) this.wake(id);
  }

  /** Begins nothing more. What is under way is sent again by the next process. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#ended.splice(0)) end();
  }

  wake(id: WebhookId): void {
    const lane = this.#lanes.get(id) ?? { busy: new Set(), dueAt: 0, isLooking: false, isFailing: false };
    this.#lanes.set(id, lane);
    lane.dueAt = 0;
    this.#look(id, lane);
  }

  /** Looks after every webhook that has something due. */
  tick(): void {
    const now = this.#clock.now();
    for (const [id, lane] of this.#lanes) {
      if (lane.dueAt <= now) this.#look(id, lane);
      else if (lane.dueAt === Infinity && lane.busy.size === 0) this.#lanes.delete(id);
    }
  }

  async checkTarget(url: string): Promise<void> {
    await this.#guard.addressOf(url);
  }

  send(webhook: Webhook, id: string, body: string): Promise<Attempt> {
    return this.#sender.send(webhook, id, body);
  }

  #look(id: WebhookId, lane: Lane): void {
    if (lane.isLooking || this.#isClosed || this.#room(lane) <= 0) return;
    lane.isLooking = true;
    lane.dueAt = Infinity;
    this.#begin(id, lane)
      .catch((error: unknown) => {
        if (this.#isClosed) return;
        this.#log.error({ err: error, webhook: id }, "reading deliveries failed; trying again");
        lane.dueAt = this.#clock.now() + firstRetryMs;
      })
      .finally(() => {
        lane.isLooking = false;
      });
  }

  /** How many more messages the webhook may have under way. */
  #room(lane: Lane): number {
    const lanes = [...this.#lanes.values()];
    const underWay = (some: readonly Lane[]): number => some.reduce((sum, { busy }) => sum + busy.size, 0);
    const inAll = mostInAll - underWay(lanes);
    if (!lane.isFailing) return Math.min(mostOfWebhook - lane.busy.size, inAll);
    // Those who answer nobody must not keep all others waiting.
    const ofFailing = mostFailing - underWay(lanes.filter(({ isFailing }) => isFailing));
    return Math.min(1 - lane.busy.size, inAll, ofFailing);
  }

  async #begin(id: WebhookId, lane: Lane): Promise<void> {
    const webhook = await this.#store.webhooks.find(id);
    if (!webhook?.enabled) return;
    const heads = await this.#store.webhooks.heads(id, mostOfWebhook + lane.busy.size);
    const now = this.#clock.now();
    for (const head of heads) {
      if (lane.busy.has(head.resource)) continue;
      if (head.nextAt > now) lane.dueAt = Math.min(lane.dueAt, head.nextAt);
      else if (this.#room(lane) > 0 && !this.#isClosed) this.#run(webhook, lane, head);
      // Where one of its own is under way, that one looks again when it has ended.
      else if (lane.busy.size === 0) lane.dueAt = now;
    }
  }

  #run(webhook: Webhook, lane: Lane, head: Delivery): void {
    lane.busy.add(head.resource);
    let pauseMs = 0;
    this.#deliverRow(webhook, lane, head)
      .catch((error: unknown) => {
        // Where nothing can be written it would be sent again at once, and again.
        pauseMs = firstRetryMs;
        if (!this.#isClosed) this.#log.error({ err: error, webhook: webhook.id }, "a delivery was not noted");
      })
      .finally(() => {
        lane.busy.delete(head.resource);
        lane.dueAt = Math.min(lane.dueAt, this.#clock.now() + pauseMs);
        if (pauseMs === 0) this.#look(webhook.id, lane);
      });
  }

  async #deliverRow(webhook: Webhook, lane: Lane, head: Delivery): Promise<void> {
    let delivery: Delivery | undefined = head;
    for (let sent = 0; delivery && sent < mostInRow && !this.#isClosed; sent += 1) {
      const attempt = await this.#sender.send(webhook, delivery.id, delivery.body);
      if (this.#isClosed) return;
      lane.isFailing = !attempt.ok;
      delivery = await this.#note(delivery, attempt);
    }
  }

  /** Writes down how it ended. Returns what comes next of the resource, where it may go at once. */
  async #note(delivery: Delivery, attempt: Attempt): Promise<Delivery | undefined> {
    return this.#store.observe(async ({ webhooks }) => {
      if (!attempt.ok) {
        await webhooks.setDelivery(afterFailure(delivery, attempt.problem, this.#clock.now(), Math.random()));
        return undefined;
      }
      await webhooks.arrived(delivery.id);
      return webhooks.nextOf(delivery.webhookId, delivery.resource);
    });
  }
}

/** @param random from 0 up to 1 */
export function afterFailure(delivery: Delivery, problem: string, now: number, random: number): Delivery {
  const failures = delivery.failures + 1;
  const told = problem.slice(0, 500);
  if (failures >= mostAttempts) return { ...delivery, failures, problem: told, status: "dead" };
  const nextAt = now + jitteredBackoffMs(failures, firstRetryMs, mostRetryMs, random);
  return { ...delivery, failures, problem: told, nextAt };
}
