import type { EndpointFigures } from "../../domain/report.ts";

/** What an endpoint carries, in our own API: `sessions` is now, the others count since its gateway started. */
export function renderFigures({ sessions, newSessions, bytesIn, bytesOut, refusals }: EndpointFigures) {
  return { sessions, new_sessions: newSessions, bytes_in: bytesIn, bytes_out: bytesOut, refusals };
}
