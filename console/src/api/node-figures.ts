import type { Figures } from "./figures.ts";
import type { LiveNode } from "./generated.ts";

/** What a node carries, as figures under its own id; none where the gateways cannot tell. */
export function nodeFigures(node: LiveNode): readonly Figures[] {
  const { id, sessions, new_sessions: opened, bytes_in: into, bytes_out: out } = node;
  if (sessions === undefined || opened === undefined || into === undefined || out === undefined) return [];
  return [{ endpoint: id, sessions, new_sessions: opened, bytes_in: into, bytes_out: out }];
}
