import type { FastifyRequest } from "fastify";

const longestWaitMs = 25_000;

/** Returns how long a poll may last, in milliseconds, from its query; 0 where that does not say. */
export function readWaitMs(request: FastifyRequest): number {
  const { wait_ms: wait } = request.query as { wait_ms?: string };
  return Math.min(Math.max(0, Number(wait) || 0), longestWaitMs);
}
