import type { ApiClient } from "../api-client.ts";
import { CliError } from "../cli-error.ts";
import { findCluster, listClusters } from "../find.ts";
import { listServices } from "../find-service.ts";
import type { Endpoint, SessionPage } from "../wire.ts";

/** Where `top` gets what it shows. */
export interface TopSource {
  /** What is looked at, for people. */
  readonly subject: string;
  /** Up to 1,000 of a service. @throws CliError */
  endpoints(): Promise<readonly Endpoint[]>;
  /** @throws CliError */
  sessions(endpoint: string, sort: string): Promise<SessionPage>;
  /** @throws CliError */
  kill(endpoint: Endpoint, session: string): Promise<void>;
}

const pageSize = 1_000;
const sessionsListed = 500;

/**
 * Looks at a cluster of one's own; without a name at the only one, and in a project that has none at its own endpoints.
 * @throws CliError
 */
export async function findTopSource(
  api: ApiClient,
  reference: string | undefined,
  isConsumer: boolean,
): Promise<TopSource> {
  if (isConsumer || (reference === undefined && (await listClusters(api)).length === 0)) {
    return consumerSource(api);
  }
  const { id, name } = await findCluster(api, reference);
  const services = (await listServices(api)).filter((service) => service.cluster_id === id);
  if (services.length === 0) {
    throw new CliError(`The endpoint service of ${name} is not open.`, `Open it with: postern open ${name}`);
  }
  return {
    subject: `cluster ${name}`,
    endpoints: async () => {
      const pages: (readonly Endpoint[])[] = [];
      for (const service of services) {
        const path = api.own("clusters", id, "connections");
        const query = { service_id: service.id, limit: pageSize };
        pages.push((await api.get<{ connections: Endpoint[] }>(path, query)).connections);
      }
      return pages.flat();
    },
    sessions: (endpoint, sort) =>
      api.get<SessionPage>(api.own("clusters", id, "sessions"), { endpoint, sort, limit: sessionsListed }),
    kill: async (endpoint, session) => {
      const path = api.own("services", endpoint.service_id, "sessions", session);
      await api.request("DELETE", path, { query: { endpoint: endpoint.id } });
    },
  };
}

function consumerSource(api: ApiClient): TopSource {
  return {
    subject: "endpoints of this project",
    endpoints: async () =>
      (await api.get<{ endpoints: Endpoint[] }>(api.own("endpoints"), { limit: pageSize })).endpoints,
    sessions: (endpoint, sort) =>
      api.get<SessionPage>(api.own("endpoints", endpoint, "sessions"), { sort, limit: sessionsListed }),
    kill: async ({ id }, session) => {
      await api.request("DELETE", api.own("endpoints", id, "sessions", session));
    },
  };
}
