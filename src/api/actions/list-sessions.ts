import { PosternError } from "../../domain/errors.ts";
import type { EndpointId } from "../../domain/ids.ts";
import {
  mergeSessions,
  peerText,
  sessionId,
  type LiveSession,
  type SessionOrder,
} from "../../domain/live-session.ts";
import { renderTime } from "../css/render-connections.ts";
import type { ApiContext } from "../operation.ts";

const defaultLimit = 100;
/** Endpoints that the gateways are asked about at once: they hear of every one by its id. */
const mostEndpoints = 10_000;

/**
 * Asks the gateways for the sessions of some endpoints.
 * @param viewer a consumer is not told of nodes
 * @returns the body of the answer
 * @throws PosternError gateway_unavailable where no gateway answers; out_of_range where there are too many endpoints
 */
export async function listSessions(
  context: ApiContext,
  endpoints: readonly EndpointId[],
  { sort, limit = defaultLimit }: { readonly sort?: SessionOrder; readonly limit?: number },
  viewer: "owner" | "consumer",
): Promise<object> {
  if (endpoints.length === 0) return { sessions: [], total_count: 0, returned_count: 0 };
  if (endpoints.length > mostEndpoints) {
    throw new PosternError(
      "out_of_range",
      `There are ${endpoints.length} endpoints, and sessions of at most ${mostEndpoints} are listed at once. Name one with the query parameter endpoint.`,
      "endpoint",
    );
  }
  const order = sort === undefined ? {} : { order: sort };
  const { answers, missing } = await context.questions.askAll("sessions", { endpoints, limit, ...order });
  const own = new Set(endpoints);
  // What a gateway says of others is not for this caller, whatever is wrong with it.
  const lists = answers.map(({ total, sessions }) => ({
    total,
    sessions: sessions.filter(({ endpointId }) => own.has(endpointId)),
  }));
  const { total, sessions } = mergeSessions(lists, { limit, ...order });
  const now = context.clock.now();
  return {
    sessions: sessions.map((session) => renderSession(session, now, viewer)),
    total_count: total,
    returned_count: sessions.length,
    ...(missing.length === 0 ? {} : { gateways_missing: missing.length }),
  };
}

/** Unset fields are left out. */
function renderSession(session: LiveSession, now: number, viewer: "owner" | "consumer"): object {
  const { endpointId, source, node, startedAt, idleMs, bytesIn, bytesOut, state } = session;
  return {
    id: sessionId(session),
    endpoint: endpointId,
    source: peerText(source),
    ...(node && viewer === "owner" ? { node: peerText(node) } : {}),
    state,
    ...(startedAt === undefined
      ? {}
      : {
          started_at: renderTime(startedAt),
          age_seconds: Math.max(0, Math.floor((now - startedAt) / 1_000)),
        }),
    ...(idleMs === undefined ? {} : { idle_seconds: Math.floor(idleMs / 1_000) }),
    bytes_in: bytesIn,
    bytes_out: bytesOut,
  };
}
