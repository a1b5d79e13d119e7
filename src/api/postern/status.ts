import { zoneName } from "../../domain/names.ts";
import { renderTime } from "../css/render-connections.ts";
import { defineOperation, type ApiContext, type Principal } from "../operation.ts";
import { projectParams } from "../schema.ts";
import { statusAnswer } from "../answers/network.ts";

export const showStatus = defineOperation({
  id: "ShowStatus",
  method: "GET",
  path: "/postern/v1/:project_id/status",
  action: "postern:status:get",
  schemas: { params: projectParams, answer: statusAnswer },
  async handle({ principal }, context) {
    const { store, live } = context;
    const counts = await store.counts(principal.projectId);
    const views = new Map(live.gateways().map((view) => [view.id, view]));
    const gateways = (await store.gateways.list()).map((gateway) => {
      const view = views.get(gateway.id);
      // The store is told once in a while; it alone knows of gateways that this process has not heard of yet.
      const lastSeenAt = view?.lastSeenAt ?? gateway.lastSeenAt;
      return {
        id: gateway.id,
        name: gateway.name,
        connected: view?.connected ?? false,
        applied_revision: view?.appliedRevision ?? null,
        pid: view?.pid ?? null,
        engines: view?.engines ?? null,
        last_seen_at: lastSeenAt === null ? null : renderTime(lastSeenAt),
      };
    });
    return {
      body: {
        version: context.version,
        region: context.region,
        dns_zone: zoneName(context.region, context.zone),
        revision: store.revision,
        pid: process.pid,
        gateways,
        counts: { ...counts, sessions: await countSessions(principal, counts.endpoints, context) },
      },
    };
  },
});

/** An operator sees the whole installation, everybody else what is carried by the endpoints of his project. */
async function countSessions(
  { isOperator, projectId }: Principal,
  endpointCount: number,
  { store, live }: ApiContext,
): Promise<number> {
  if (isOperator) return live.totalSessions();
  const { items } = await store.endpoints.listByProject(projectId, { offset: 0, limit: endpointCount });
  return items.reduce((sum, { id }) => sum + (live.endpoint(id)?.sessions ?? 0), 0);
}
