import type { Enforcement, GatewayView, LiveView, Outcome, RecentRate } from "../domain/control.ts";
import { PosternError } from "../domain/errors.ts";
import type { Answered, Asked, QuestionAsker, QuestionKind, Replies } from "../domain/gateway-question.ts";
import { mergeSessions, sessionId, type LiveSession } from "../domain/live-session.ts";
import type { EndpointId, NodeId } from "../domain/ids.ts";
import type { EndpointFigures, NodeFigures, NodeHealth } from "../domain/report.ts";

/**
 * A small model of the gateways as the API sees them: they reach every revision at once, unless they are told to be
 * slow, and say what they were told to say.
 */
export class TestGateways implements Enforcement, LiveView, QuestionAsker {
  /** Revisions that the API waited for, oldest first. */
  readonly awaited: number[] = [];
  readonly figures = new Map<EndpointId, EndpointFigures>();
  readonly recent = new Map<EndpointId, RecentRate>();
  readonly nodes = new Map<NodeId, NodeHealth>();
  readonly onNodes = new Map<NodeId, NodeFigures>();
  views: readonly GatewayView[] = [];
  /** What they carry. */
  sessions: readonly LiveSession[] = [];
  /** Gateways that do not answer what they are asked. */
  missing: Replies<QuestionKind>["missing"] = [];
  /** Whether no gateway answers what it is asked. */
  silent = false;
  /** Whether they are too slow for the API's patience. */
  slow = false;
  /** Sessions that the next revision cuts. */
  severedSessions = 0;

  reached(revision: number): Promise<Outcome> {
    this.awaited.push(revision);
    return Promise.resolve({ enforced: !this.slow, severedSessions: this.severedSessions });
  }

  askAll<Kind extends QuestionKind>(kind: Kind, asked: Asked<Kind>): Promise<Replies<Kind>> {
    if (this.silent) return Promise.reject(new PosternError("gateway_unavailable", "Nobody answers."));
    const answer =
      kind === "sessions" ? this.#list(asked as Asked<"sessions">) : this.#end(asked as Asked<"end_session">);
    return Promise.resolve({ answers: [answer as Answered<Kind>], missing: this.missing });
  }

  #list({ endpoints, ...query }: Asked<"sessions">): Answered<"sessions"> {
    const own = this.sessions.filter(({ endpointId }) => endpoints?.includes(endpointId) ?? true);
    return mergeSessions([{ total: own.length, sessions: own }], query);
  }

  #end({ endpoint, session }: Asked<"end_session">): Answered<"end_session"> {
    const rest = this.sessions.filter(
      (one) => one.endpointId !== endpoint || sessionId(one) !== sessionId(session),
    );
    const ended = rest.length < this.sessions.length;
    this.sessions = rest;
    return { ended };
  }

  endpoint(id: EndpointId): EndpointFigures | undefined {
    return this.figures.get(id);
  }

  recentRate(id: EndpointId): RecentRate | undefined {
    return this.recent.get(id);
  }

  node(id: NodeId): NodeHealth | undefined {
    return this.nodes.get(id);
  }

  nodeFigures(id: NodeId): NodeFigures | null {
    return this.onNodes.get(id) ?? null;
  }

  gateways(): readonly GatewayView[] {
    return this.views;
  }

  totalSessions(): number {
    return [...this.figures.values()].reduce((total, { sessions }) => total + sessions, 0);
  }
}
