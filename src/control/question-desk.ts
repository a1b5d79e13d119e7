import { randomUUID } from "node:crypto";
import { PosternError } from "../domain/errors.ts";
import type {
  Answered,
  Asked,
  GatewayAnswer,
  GatewayQuestion,
  QuestionAsker,
  QuestionKind,
  Replies,
} from "../domain/gateway-question.ts";
import type { GatewayId } from "../domain/ids.ts";

/** Questions that wait for one gateway: more are refused. */
const mostWaiting = 64;

/** A question as a gateway gets it. */
export interface PostedQuestion {
  /** What the answer is to name. */
  readonly id: string;
  readonly question: GatewayQuestion;
}

interface Pending extends PostedQuestion {
  /** Whether the gateway was given it. */
  isTaken: boolean;
  readonly settle: (answer: GatewayAnswer) => void;
}

interface Desk {
  readonly pending: Map<string, Pending>;
  /** Ends the poll that waits, if one does. */
  wake: () => void;
}

/**
 * Where the server's questions to gateways wait. Gateways open no port: they come and fetch what they are asked, as they
 * do with snapshots, and bring the answers.
 */
export class QuestionDesk implements QuestionAsker {
  readonly #gateways: () => readonly { readonly id: GatewayId; readonly connected: boolean }[];
  readonly #longestWaitMs: number;
  readonly #desks = new Map<GatewayId, Desk>();

  /**
   * @param gateways those that are registered, with whether they are there
   * @param longestWaitMs how long a question waits for its answer, from 1
   */
  constructor(
    gateways: () => readonly { readonly id: GatewayId; readonly connected: boolean }[],
    longestWaitMs: number,
  ) {
    this.#gateways = gateways;
    this.#longestWaitMs = longestWaitMs;
  }

  /** See {@link QuestionAsker.askAll}. */
  async askAll<Kind extends QuestionKind>(kind: Kind, asked: Asked<Kind>): Promise<Replies<Kind>> {
    // What was put together from a kind and what it asks is a question of that kind.
    const question = { kind, ...asked } as unknown as GatewayQuestion;
    const replies = await Promise.all(
      this.#gateways().map(async ({ id, connected }) => {
        const reply = connected ? await this.#ask(id, question) : { failure: "it is not connected" };
        return { gateway: id, ...reply };
      }),
    );
    const answers = replies.flatMap((reply) => ("answer" in reply ? [reply.answer as Answered<Kind>] : []));
    const missing = replies.flatMap((reply) =>
      "failure" in reply ? [{ gateway: reply.gateway, reason: reply.failure }] : [],
    );
    if (answers.length === 0) throw nobodyAnswered(missing);
    return { answers, missing };
  }

  /**
   * Returns the oldest question that the gateway was not given yet, or undefined where there is none within `waitMs`.
   * @param signal aborted when the gateway does not wait any more: what it was not given yet, the next call gets
   */
  async next(gateway: GatewayId, waitMs: number, signal: AbortSignal): Promise<PostedQuestion | undefined> {
    const desk = this.#desk(gateway);
    if (!waiting(desk)) await arrival(desk, waitMs, signal);
    const found = signal.aborted ? undefined : waiting(desk);
    if (!found) return undefined;
    found.isTaken = true;
    return { id: found.id, question: found.question };
  }

  /** Takes an answer. @returns false where the gateway is not asked this, or not any more */
  answer(gateway: GatewayId, id: string, answer: GatewayAnswer): boolean {
    const pending = this.#desks.get(gateway)?.pending.get(id);
    pending?.settle(answer);
    return pending !== undefined;
  }

  /** Returns what a gateway was given and has not answered yet. */
  asked(gateway: GatewayId, id: string): GatewayQuestion | undefined {
    return this.#desks.get(gateway)?.pending.get(id)?.question;
  }

  #ask(gateway: GatewayId, question: GatewayQuestion): Promise<GatewayAnswer> {
    const desk = this.#desk(gateway);
    if (desk.pending.size >= mostWaiting) {
      return Promise.resolve({ failure: `${mostWaiting} questions wait for its answer already` });
    }
    return new Promise((resolve) => {
      const id = randomUUID();
      const settle = (answer: GatewayAnswer): void => {
        clearTimeout(timer);
        desk.pending.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        const { isTaken } = pending;
        const why = isTaken ? "" : "; it may be of a version that cannot be asked";
        settle({ failure: `it did not answer within ${this.#longestWaitMs / 1_000} s${why}` });
      }, this.#longestWaitMs);
      const pending: Pending = { id, question, isTaken: false, settle };
      desk.pending.set(id, pending);
      desk.wake();
    });
  }

  #desk(gateway: GatewayId): Desk {
    const known = this.#desks.get(gateway);
    if (known) return known;
    const desk = { pending: new Map<string, Pending>(), wake: () => undefined };
    this.#desks.set(gateway, desk);
    return desk;
  }
}

function waiting({ pending }: Desk): Pending | undefined {
  return [...pending.values()].find(({ isTaken }) => !isTaken);
}

/** Resolves when a question comes, after a time, or when nobody waits any more. A later poll ends an earlier one. */
function arrival(desk: Desk, waitMs: number, signal: AbortSignal): Promise<void> {
  desk.wake();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      if (desk.wake === done) desk.wake = () => undefined;
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener("abort", done, { once: true });
    desk.wake = done;
    if (signal.aborted) done();
  });
}

function nobodyAnswered(missing: Replies<QuestionKind>["missing"]): PosternError {
  const reasons = missing.map(({ gateway, reason }) => `gateway ${gateway}: ${reason}`).join("; ");
  return new PosternError(
    "gateway_unavailable",
    missing.length === 0
      ? "No gateway is registered, so nothing carries sessions. Start one with postern up or postern gateway."
      : `The gateways know of sessions, and none of them answers (${reasons}). Traffic goes on meanwhile. Look at postern status, then repeat.`,
  );
}
