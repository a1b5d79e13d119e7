import { CliError } from "../cli-error.ts";
import type { Terminal } from "../terminal.ts";
import { keysOf } from "./keys.ts";
import { encode, pageRowsOf, screenOf } from "./screen.ts";
import type { TopSource } from "./source.ts";
import {
  endpointsLoaded,
  loadFailed,
  orderOf,
  press,
  sessionsLoaded,
  startState,
  type Effect,
  type TopState,
} from "./state.ts";

const refreshMs = 1_000;

/** The view while it lasts: the newest state on the screen, keys taken as they come, one request at a time. */
export class LiveTop {
  readonly #source: TopSource;
  readonly #terminal: Terminal;
  readonly #over = Promise.withResolvers<void>();
  #state: TopState;
  #write: (text: string) => void = () => undefined;
  #isLoading = false;
  /** Whether something is to be loaded as soon as what is being loaded is there. */
  #isOutdated = false;

  constructor(source: TopSource, terminal: Terminal) {
    this.#source = source;
    this.#terminal = terminal;
    this.#state = startState(source.subject);
  }

  /** Resolves when somebody quits, or the process is to end; the terminal is as it was before then. */
  async run(): Promise<void> {
    const { write, leave } = this.#terminal.enter({
      onKeys: (text) => this.#typed(text),
      onChange: () => this.#draw(),
      onStop: () => this.#over.resolve(),
    });
    this.#write = write;
    const ticking = setInterval(() => void this.#load(), refreshMs);
    try {
      this.#draw();
      void this.#load();
      await this.#over.promise;
    } finally {
      clearInterval(ticking);
      this.#write = () => undefined;
      leave();
    }
  }

  #typed(text: string): void {
    try {
      for (const key of keysOf(text)) {
        const { state, effect } = press(this.#state, key, pageRowsOf(this.#terminal.size()));
        this.#state = state;
        if (effect) this.#do(effect);
      }
      this.#draw();
    } catch (error) {
      this.#over.reject(error);
    }
  }

  #do(effect: Effect): void {
    if (effect.kind === "quit") this.#over.resolve();
    else if (effect.kind === "refresh") void this.#load(true);
    else void this.#kill(effect.endpoint, effect.session);
  }

  /** Requests never pile up: while one is under way, a tick does nothing. */
  async #load(isUrgent = false): Promise<void> {
    if (this.#isLoading) {
      this.#isOutdated ||= isUrgent;
      return;
    }
    this.#isLoading = true;
    try {
      do {
        this.#isOutdated = false;
        await this.#loadOnce();
      } while (this.#isOutdated);
    } catch (error) {
      this.#state = loadFailed(this.#state, reasonOf(error), Date.now());
    } finally {
      this.#isLoading = false;
    }
    this.#draw();
  }

  async #loadOnce(): Promise<void> {
    const { opened } = this.#state;
    const endpoints = await this.#source.endpoints();
    this.#state = endpointsLoaded(this.#state, { at: performance.now(), endpoints });
    if (opened === undefined) return;
    const page = await this.#source.sessions(opened, orderOf(this.#state));
    this.#state = sessionsLoaded(this.#state, opened, page);
  }

  async #kill(id: string, session: string): Promise<void> {
    let notice = `Ended ${session}.`;
    try {
      const endpoint = this.#state.samples.at(-1)?.endpoints.find((one) => one.id === id);
      if (endpoint) await this.#source.kill(endpoint, session);
      else notice = "The endpoint is not there any more.";
    } catch (error) {
      notice = reasonOf(error);
    }
    this.#state = { ...this.#state, notice };
    this.#draw();
    await this.#load(true);
  }

  #draw(): void {
    try {
      this.#write(encode(screenOf(this.#state, this.#terminal.size())));
    } catch (error) {
      this.#over.reject(error);
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof CliError || error instanceof Error ? error.message : String(error);
}
