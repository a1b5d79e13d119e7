import { setTimeout as delay } from "node:timers/promises";
import { longestFailure, type GatewayAnswer, type GatewayQuestion } from "../domain/gateway-question.ts";
import { Backoff } from "../lib/backoff.ts";
import type { Logger } from "../lib/log.ts";
import { CannotAskError, type ServerClient } from "./server-client.ts";

const firstRetryMs = 20;
const mostRetryMs = 1_000;
/** A server that has no questions to ask is of an earlier version: it is looked at again after it may be another one. */
const olderServerMs = 60_000;
/** Answers that are worked out at once; the next question waits. */
const mostAtOnce = 4;

export interface QuestionLoopParts {
  readonly client: Pick<ServerClient, "nextQuestion" | "answer">;
  /** @throws where there is no answer; the message goes to the server */
  readonly answer: (question: GatewayQuestion) => Promise<object>;
  readonly log: Pick<Logger, "debug">;
  /** Default 60,000. */
  readonly olderServerMs?: number;
}

/** Fetches what the server asks, and answers it, beside everything else that a gateway does. */
export class QuestionLoop {
  readonly #parts: QuestionLoopParts;
  readonly #working = new Set<Promise<void>>();

  constructor(parts: QuestionLoopParts) {
    this.#parts = parts;
  }

  /** Resolves some time after `signal` is aborted; outlives every failure of the server. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(firstRetryMs, mostRetryMs);
    while (!signal.aborted) {
      try {
        const posted = await this.#parts.client.nextQuestion(signal);
        backoff.reset();
        if (!posted) continue;
        this.#start(posted.id, posted.question, signal);
        if (this.#working.size >= mostAtOnce) await Promise.race(this.#working);
      } catch (error) {
        if (signal.aborted) break;
        this.#parts.log.debug({ err: error }, "the server could not be asked for its questions");
        const isOlder = error instanceof CannotAskError;
        const pauseMs = isOlder ? (this.#parts.olderServerMs ?? olderServerMs) : backoff.next();
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    await Promise.all(this.#working);
  }

  #start(id: string, question: GatewayQuestion, signal: AbortSignal): void {
    const work = this.#answer(id, question, signal).finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  async #answer(id: string, question: GatewayQuestion, signal: AbortSignal): Promise<void> {
    const { answer, client, log } = this.#parts;
    const reply = await answer(question).then(
      (found) => ({ answer: found }) as GatewayAnswer,
      (error: unknown) => ({ failure: reasonOf(error).slice(0, longestFailure) }),
    );
    // Who asked hears of it by waiting in vain.
    await client.answer(id, reply, signal).catch((error: unknown) => {
      log.debug({ err: error, question: question.kind }, "the server did not take an answer");
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
