import type { FastifyInstance } from "fastify";
import type { TSchema } from "typebox";
import { PosternError } from "../../domain/errors.ts";
import {
  longestFailure,
  mostSessionsAsked,
  type GatewayAnswer,
  type GatewayQuestion,
  type QuestionKind,
} from "../../domain/gateway-question.ts";
import type { GatewayId } from "../../domain/ids.ts";
import type { Store } from "../../domain/store.ts";
import { stringEnum } from "../schema.ts";
import { checker, type Check } from "../validation.ts";
import { authenticate } from "./authenticate.ts";
import { readWaitMs } from "./wait.ts";
import { Type } from "../type-builder.ts";

/** What the routes need of the questions' desk. */
export interface QuestionCounter {
  next(
    gateway: GatewayId,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly question: GatewayQuestion } | undefined>;
  asked(gateway: GatewayId, id: string): GatewayQuestion | undefined;
  answer(gateway: GatewayId, id: string, answer: GatewayAnswer): boolean;
}

/** Far above what the longest answer takes: 1,000 sessions of some 300 bytes. */
const answerLimitBytes = 1024 * 1024;

const count = Type.Number({ minimum: 0 });
const peer = Type.Object({
  host: Type.String({ minLength: 1, maxLength: 64 }),
  port: Type.Integer({ minimum: 0, maximum: 65_535 }),
});
const session = Type.Object({
  endpointId: Type.String({ minLength: 1, maxLength: 64 }),
  source: peer,
  clientPort: Type.Integer({ minimum: 0, maximum: 65_535 }),
  node: Type.Optional(peer),
  startedAt: Type.Optional(Type.Number({ minimum: 0, maximum: 8.64e15 })),
  idleMs: Type.Optional(count),
  bytesIn: count,
  bytesOut: count,
  state: stringEnum(["opening", "established", "closing"]),
});

const answers: Readonly<Record<QuestionKind, TSchema>> = {
  sessions: Type.Object({ total: count, sessions: Type.Array(session, { maxItems: mostSessionsAsked }) }),
  end_session: Type.Object({ ended: Type.Boolean() }),
};

/**
 * How gateways are asked: a long poll for the next question, and the answer to it. They have no ports open that the
 * server could ask at.
 */
export function questionRoutes(store: Store, desk: QuestionCounter) {
  const failure = Type.Object({ failure: Type.String({ maxLength: longestFailure }) });
  const checks = new Map<string, Check>(
    Object.entries(answers).map(([kind, answer]) => [
      kind,
      checker(Type.Union([Type.Object({ answer }), failure]), "body"),
    ]),
  );
  return (app: FastifyInstance): void => {
    app.get("/postern/v1/gateways/:gateway_id/questions", async (request, reply) => {
      const gateway = await authenticate(store, request);
      const ended = new AbortController();
      reply.raw.once("close", () => ended.abort());
      const posted = await desk.next(gateway.id, readWaitMs(request), ended.signal);
      return posted ?? reply.code(204).send();
    });
    app.post(
      "/postern/v1/gateways/:gateway_id/answers/:question_id",
      { bodyLimit: answerLimitBytes },
      async (request, reply) => {
        const gateway = await authenticate(store, request);
        const { question_id: id } = request.params as { question_id: string };
        const check = checks.get(desk.asked(gateway.id, id)?.kind ?? "");
        if (!check || !desk.answer(gateway.id, id, check(request.body) as GatewayAnswer)) throw notAsked(id);
        return reply.code(204).send();
      },
    );
  };
}

function notAsked(id: string): PosternError {
  return new PosternError(
    "resource_not_found",
    `This gateway is not asked question ${id}, or its answer came too late. Go on with the next question.`,
  );
}
