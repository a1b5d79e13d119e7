import type { FastifyInstance } from "fastify";

/** Hears of every request that reaches a route, or none. What it does is paid by every one of them. */
export interface RequestObserver {
  began(): void;
  /**
   * @param operation id of the operation; undefined where there is none
   * @param status of the answer; 0 where the client went away before it had all of it
   * @param durationMs from the end of the request's head to the end of the answer
   */
  ended(operation: string | undefined, status: number, durationMs: number): void;
}

/** Tells of the requests of all routes that are added afterwards. */
export function observeRequests(app: FastifyInstance, observer: RequestObserver): void {
  app.addHook("onRequest", (request, { raw }, done) => {
    const startedAt = performance.now();
    observer.began();
    // "close" comes also where the client goes away, and where the answer does not pass the framework.
    raw.on("close", () => {
      const { operation } = request.routeOptions.config;
      observer.ended(operation, raw.writableFinished ? raw.statusCode : 0, performance.now() - startedAt);
    });
    done();
  });
}
