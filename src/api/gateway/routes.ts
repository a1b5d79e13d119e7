import type { FastifyInstance, FastifyRequest } from "fastify";
import { refusalReasons } from "../../domain/refusal.ts";
import { refusalBatchLimit } from "../../domain/refusal-record.ts";
import { engineKinds, type GatewayReport } from "../../domain/report.ts";
import type { Gateway } from "../../domain/resources.ts";
import type { Store } from "../../domain/store.ts";
import type { Logger } from "../../lib/log.ts";
import type { WantedLevel } from "../../lib/wanted-level.ts";
import { stringEnum } from "../schema.ts";
import { checker } from "../validation.ts";
import { authenticate } from "./authenticate.ts";
import { readWaitMs } from "./wait.ts";
import { Type } from "../type-builder.ts";

/** What the routes need of the control plane. */
export interface GatewayConversation {
  nextSnapshot(
    gateway: Gateway,
    known: { readonly revision: number; readonly lineage: string | undefined } | null,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly requestIds: readonly string[] } | undefined>;
  report(gateway: Gateway, report: GatewayReport): Promise<void>;
}

/** A report names every endpoint whose figures changed. */
const reportLimitBytes = 64 * 1024 * 1024;

const count = Type.Number({ minimum: 0 });
const id = Type.String({ minLength: 1, maxLength: 64 });
/** Milliseconds since the Unix epoch; what is no whole number of them would not fit the database. */
const time = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });

const reportBody = Type.Object({
  appliedRevision: Type.Integer({ minimum: 0 }),
  lineage: Type.Optional(Type.String({ maxLength: 64 })),
  severedSessions: count,
  applyMs: count,
  pid: Type.Integer({ minimum: 1 }),
  engines: Type.Optional(Type.Array(stringEnum(engineKinds), { maxItems: engineKinds.length })),
  failures: Type.Array(
    Type.Object({
      endpointId: id,
      code: stringEnum(["port_taken", "address_unavailable", "limit", "internal"]),
      message: Type.String({ maxLength: 1000 }),
    }),
  ),
  coming: Type.Optional(Type.Array(id)),
  nodes: Type.Array(
    Type.Object({
      serviceId: id,
      nodeId: id,
      healthy: Type.Boolean(),
      detail: Type.String({ maxLength: 1000 }),
    }),
  ),
  nodeSessions: Type.Optional(
    Type.Array(
      Type.Object({
        nodeId: id,
        sessions: count,
        traffic: Type.Optional(Type.Object({ newSessions: count, bytesIn: count, bytesOut: count })),
      }),
    ),
  ),
  endpoints: Type.Array(
    Type.Object({
      endpointId: id,
      sessions: count,
      newSessions: count,
      bytesIn: count,
      bytesOut: count,
      refusals: Type.Object(Object.fromEntries(refusalReasons.map((reason) => [reason, count]))),
      severed: Type.Optional(count),
    }),
  ),
  gone: Type.Array(id),
  refusals: Type.Optional(
    Type.Object({
      process: id,
      sequence: Type.Integer({ minimum: 1 }),
      records: Type.Array(
        Type.Object({
          endpointId: id,
          reason: stringEnum(refusalReasons),
          source: Type.Union([Type.String({ minLength: 1, maxLength: 45 }), Type.Null()]),
          firstAt: time,
          lastAt: time,
          count: Type.Integer({ minimum: 1 }),
        }),
        { maxItems: refusalBatchLimit },
      ),
    }),
  ),
});

/**
 * The gateways' side of the server: a long poll for the next snapshot, and reports. Each gateway has a token of its
 * own, good for these two calls and nothing else.
 * @param instance names this server process, so that a gateway notices a restart and reports in full
 * @param level told in answers to reports where one is wanted; `log` gets a line for each call, at `debug`
 */
export function gatewayRoutes(
  store: Store,
  control: GatewayConversation,
  instance: string,
  { level, log }: { readonly level: Pick<WantedLevel, "level">; readonly log: Logger },
) {
  const checkReport = checker(reportBody, "body");
  return (app: FastifyInstance): void => {
    const polled = { config: { operation: "GatewaySnapshot" } };
    app.get("/postern/v1/gateways/:gateway_id/snapshot", polled, async (request, reply) => {
      const gateway = await authenticate(store, request);
      noteCall(log, request, gateway);
      const { known, lineage } = request.query as { known?: string; lineage?: string };
      const has = known === undefined ? null : { revision: Number(known), lineage };
      const ended = new AbortController();
      reply.raw.once("close", () => ended.abort());
      const snapshot = await control.nextSnapshot(gateway, has, readWaitMs(request), ended.signal);
      if (snapshot === undefined) return reply.code(204).send();
      if (snapshot.requestIds.length > 0) {
        void reply.header("x-postern-request-ids", snapshot.requestIds.join(","));
      }
      return reply.header("content-type", "application/json; charset=utf-8").send(snapshot.text);
    });
    const reported = { bodyLimit: reportLimitBytes, config: { operation: "GatewayReport" } };
    app.post("/postern/v1/gateways/:gateway_id/report", reported, async (request) => {
      const gateway = await authenticate(store, request);
      await control.report(gateway, checkReport(request.body) as GatewayReport);
      noteCall(log, request, gateway);
      return { instance, ...(level.level === undefined ? {} : { logLevel: level.level }) };
    });
  };
}

/** Ties the gateway's id of a call to this server's. */
function noteCall(log: Logger, request: FastifyRequest, gateway: Gateway): void {
  if (!log.isLevelEnabled("debug")) return;
  const theirs = request.headers["x-request-id"];
  const isId = typeof theirs === "string" && /^[0-9a-f]{32}$/.test(theirs);
  const { routeOptions, id: requestId } = request;
  const call = {
    requestId,
    gateway: gateway.id,
    route: routeOptions.url,
    ...(isId ? { gatewayRequestId: theirs } : {}),
  };
  log.debug(call, "a gateway called");
}
