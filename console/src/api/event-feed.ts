import type { ApiClient } from "./client.ts";
import { ApiFailure } from "./failure.ts";
import type { FiguresMessage, HappenedEvent, LiveFigures, LiveNode, NodesMessage } from "./generated.ts";
import { pause } from "./pause.ts";
import { readMessages, type SseMessage } from "./sse.ts";

export type FeedState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** @param since milliseconds since the epoch: what the pages show is as old as that */
  | { readonly kind: "stale"; readonly since: number };

export interface FeedListener {
  onState(state: FeedState): void;
  onEvent(event: HappenedEvent): void;
  onFigures(figures: readonly LiveFigures[]): void;
  onNodes(nodes: readonly LiveNode[]): void;
  /** Something may have been missed: everything has to be read anew. */
  onReset(): void;
}

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
/** The server says something every 15 s. */
const silenceMs = 40_000;

/** Follows the events of a project, and takes them up where they were cut, until the signal ends it. */
export class EventFeed {
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #listener: FeedListener;
  #position: string | undefined;
  #lastHeard = Date.now();
  #wasLive = false;

  /** @param path of the project's events */
  constructor(api: ApiClient, path: string, listener: FeedListener) {
    this.#api = api;
    this.#path = path;
    this.#listener = listener;
  }

  async follow(signal: AbortSignal): Promise<void> {
    let waitMs = firstWaitMs;
    while (!signal.aborted) {
      try {
        await this.#followOnce(signal, () => {
          waitMs = firstWaitMs;
        });
      } catch (error) {
        // A position that the server does not understand is worse than none.
        if (error instanceof ApiFailure && error.status === 400) this.#position = undefined;
      }
      if (signal.aborted) return;
      this.#listener.onState({ kind: "stale", since: this.#lastHeard });
      await pause(waitMs * (0.75 + Math.random() / 2), signal);
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    }
  }

  async #followOnce(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), silenceMs);
    try {
      const headers: Record<string, string> = {
        accept: "text/event-stream",
        ...(this.#position === undefined ? {} : { "last-event-id": this.#position }),
      };
      const response = await this.#api.open("GET", this.#path, {
        query: { figures: 1 },
        headers,
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (!response.body) return;
      this.#begin();
      onOpen();
      for await (const message of readMessages(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMs);
        this.#lastHeard = Date.now();
        this.#take(message);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #begin(): void {
    this.#lastHeard = Date.now();
    this.#listener.onState({ kind: "live" });
    // Health, sessions and the like are not events: they may be others since.
    if (this.#wasLive) this.#listener.onReset();
    this.#wasLive = true;
  }

  #take({ id, event, data }: SseMessage): void {
    if (id !== undefined) this.#position = id;
    if (data === undefined) return;
    if (event === "reset") return this.#listener.onReset();
    const body: unknown = JSON.parse(data);
    if (event === "nodes") return this.#listener.onNodes((body as NodesMessage).nodes);
    if (event !== "figures") return this.#listener.onEvent(body as HappenedEvent);
    return this.#listener.onFigures((body as FiguresMessage).endpoints);
  }
}
