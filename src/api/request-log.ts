import type { FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../lib/log.ts";
import type { Operation } from "./operation.ts";

/** Most lines of refused sign-ins in a minute: whoever guesses passwords does not fill the disk. */
const refusalsPerWindow = 60;
const windowMs = 60_000;

/**
 * One line a request: writes at `info`, reads at `debug`. Names whom and what, never what was sent: bodies, queries and
 * headers may hold secrets.
 */
export class RequestLog {
  readonly #log: Logger;
  #windowStartedAt = 0;
  #refusals = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** To be called when a request has come to its operation. Costs nothing to speak of where its level is off. */
  begin({ id: operation, method }: Operation, request: FastifyRequest, reply: FastifyReply): void {
    const level = method === "GET" ? "debug" : "info";
    if (!this.#log.isLevelEnabled(level)) return;
    const startedAt = performance.now();
    const { raw } = reply;
    raw.once("close", () => {
      const revision = Number(reply.getHeader("x-postern-revision") ?? NaN);
      this.#log[level](
        {
          requestId: request.id,
          operation,
          user: request.principal?.userId,
          project: request.principal?.projectId,
          status: raw.statusCode,
          ms: Math.round((performance.now() - startedAt) * 100) / 100,
          ...(Number.isNaN(revision) ? {} : { revision }),
          ...(raw.writableFinished ? {} : { brokenOff: true }),
        },
        "request",
      );
    });
  }

  /** Notes that somebody could not prove who he is. */
  refusedSignIn(request: FastifyRequest, code: string): void {
    const now = performance.now();
    if (now - this.#windowStartedAt > windowMs) {
      const unsaid = this.#refusals - refusalsPerWindow;
      if (unsaid > 0) this.#log.warn({ count: unsaid }, "more sign-ins were refused");
      this.#windowStartedAt = now;
      this.#refusals = 0;
    }
    this.#refusals += 1;
    if (this.#refusals > refusalsPerWindow) return;
    const { id: requestId, ip: source, method } = request;
    this.#log.warn({ requestId, source, method, code }, "sign-in refused");
  }
}
