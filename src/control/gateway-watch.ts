import { auditActions, judge, quietMs, type Condition, type Turn } from "../domain/conditions.ts";
import type { EndpointId, GatewayId } from "../domain/ids.ts";
import type { GatewayReport } from "../domain/report.ts";
import type { Gateway } from "../domain/resources.ts";
import type { Repositories, Store } from "../domain/store.ts";
import type { Clock } from "../lib/clock.ts";
import { keyOf, Observer, type Observation } from "./observations.ts";
import { tellTurn } from "./tell-turn.ts";

/** A gateway reports every second: after so long without a word something is wrong with it. */
const silentAfterMs = 15_000;
const tickMs = 1_000;

export interface WatchLog {
  error(fields: object, message: string): void;
}

/**
 * Turns what gateways report into events. It compares with what was told last, which the store keeps: neither a restart
 * nor a lost report loses an event or repeats one.
 */
export class GatewayWatch {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: WatchLog;
  readonly #observer: Observer;
  readonly #known = new Map<string, Condition>();
  /** Conditions that are not as they were told. */
  readonly #untold = new Set<string>();
  readonly #heardAt = new Map<GatewayId, number>();
  #queue: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, clock: Clock, log: WatchLog) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#observer = new Observer(store);
  }

  /** To be called once, before the first report. */
  async start(): Promise<void> {
    for (const condition of await this.#store.conditions.all()) this.#keep(condition);
    const now = this.#clock.now();
    // A gateway that nobody ever heard of is not silent. The others have from now on to say something.
    for (const { id, lastSeenAt } of await this.#store.gateways.list())
      if (lastSeenAt !== null) this.#heardAt.set(id, now);
    this.#timer = setInterval(() => {
      this.tick().catch((error: unknown) => this.#log.error({ err: error }, "looking after gateways failed"));
    }, tickMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Takes in a report. What it makes happen is durable when the promise resolves. */
  report(gateway: Gateway, report: GatewayReport): Promise<void> {
    this.#heardAt.set(gateway.id, this.#clock.now());
    return this.#inTurn(async () => {
      await this.#take(await this.#observer.observe(gateway, report, (key) => this.#known.get(key)?.seen));
      await this.#forget(report.gone);
    });
  }

  /** Finds silent gateways, and tells what could not be told before. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      const now = this.#clock.now();
      const silent = [...this.#heardAt].filter(([, heardAt]) => now - heardAt >= silentAfterMs);
      const observations = silent.map(([id]) => ({
        key: keyOf("silence", `gateway/${id}`),
        seen: "silent",
        normal: "heard",
      }));
      const fresh = new Set(observations.map(({ key }) => key));
      for (const key of this.#untold) {
        const known = this.#known.get(key);
        const isDue = known && now - known.toldAt >= quietMs;
        if (known && isDue && !fresh.has(key))
          observations.push({ key, seen: known.seen, normal: known.told });
      }
      await this.#take(observations);
    });
  }

  /** Takes in what was found out about conditions elsewhere. */
  observed(observations: readonly Observation[]): Promise<void> {
    return this.#inTurn(() => this.#take(observations));
  }

  /** As last seen; undefined where nothing was. */
  seen(key: string): string | undefined {
    return this.#known.get(key)?.seen;
  }

  async #take(observations: readonly Observation[]): Promise<void> {
    const now = this.#clock.now();
    const next: Condition[] = [];
    const turns: Turn[] = [];
    for (const { key, seen, normal } of observations) {
      const judged = judge(this.#known.get(key), key, seen, normal, now);
      if (judged.next) next.push(judged.next);
      if (judged.turn) turns.push(judged.turn);
    }
    if (next.length === 0) return;
    await this.#store.observe(async (tx) => {
      for (const turn of turns) await this.#tell(tx, turn, now);
      for (const condition of next) await tx.conditions.set(condition);
    });
    for (const condition of next) this.#keep(condition);
  }

  async #tell(tx: Repositories, turn: Turn, now: number): Promise<void> {
    const told = await tellTurn(tx, turn);
    if (!told) return;
    const { kind, resource, events, change: tells } = told;
    await tx.events.append(events, now);
    const [first] = events;
    const projectId = first?.projectId;
    tx.note({ actor: "system", action: auditActions[kind], resource, projectId, tells });
  }

  /** What is said of an endpoint that is no more can never be told again. */
  async #forget(gone: readonly EndpointId[]): Promise<void> {
    const resources = new Set(gone.map((id) => `endpoint/${id}`));
    if (resources.size === 0) return;
    const keys = [...this.#known.keys()].filter((key) => resources.has(key.split(" ")[1] ?? ""));
    if (keys.length === 0) return;
    await this.#store.observe((tx) => tx.conditions.delete(keys));
    for (const key of keys) {
      this.#known.delete(key);
      this.#untold.delete(key);
    }
  }

  #keep(condition: Condition): void {
    this.#known.set(condition.key, condition);
    if (condition.seen === condition.told) this.#untold.delete(condition.key);
    else this.#untold.add(condition.key);
  }

  /** One after the other: each sees what the one before it has kept. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }
}
