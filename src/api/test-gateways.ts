import type { Enforcement, GatewayView, LiveView, Outcome } from "../domain/control.ts";
import type { EndpointId, NodeId } from "../domain/ids.ts";
import type { EndpointFigures, NodeHealth } from "../domain/report.ts";

/**
 * A small model of the gateways as the API sees them: they reach every revision at once, unless they are told to be
 * slow, and say what they were told to say.
 */
export class TestGateways implements Enforcement, LiveView {
  /** Revisions that the API waited for, oldest first. */
  readonly awaited: number[] = [];
  readonly figures = new Map<EndpointId, EndpointFigures>();
  readonly nodes = new Map<NodeId, NodeHealth>();
  views: readonly GatewayView[] = [];
  /** Whether they are too slow for the API's patience. */
  slow = false;
  /** Sessions that the next revision cuts. */
  severedSessions = 0;

  reached(revision: number): Promise<Outcome> {
    this.awaited.push(revision);
    return Promise.resolve({ enforced: !this.slow, severedSessions: this.severedSessions });
  }

  endpoint(id: EndpointId): EndpointFigures | undefined {
    return this.figures.get(id);
  }

  node(id: NodeId): NodeHealth | undefined {
    return this.nodes.get(id);
  }

  gateways(): readonly GatewayView[] {
    return this.views;
  }

  totalSessions(): number {
    return [...this.figures.values()].reduce((total, { sessions }) => total + sessions, 0);
  }
}
