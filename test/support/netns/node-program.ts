/** Nodes of a cluster, in the provider's namespace. */
import { startNode } from "../node.ts";
import type { SearchNode } from "../node.ts";
import { serve } from "./serve.ts";

const nodes: SearchNode[] = [];

/** The nodes' ends of the sessions of these names. */
function ends(names: readonly string[]) {
  return names.flatMap((name) => nodes.flatMap(({ raw }) => raw.sessions.get(name) ?? []));
}

const procedures = {
  /** Starts a node that is named after its address. */
  start: async (host: string, port: number): Promise<void> => {
    nodes.push(await startNode({ host, port, name: `node-${host}` }));
  },
  /** Makes a node answer its health checks badly, or well again. */
  setHealthy: (host: string, isHealthy: boolean): void => {
    nodes.find(({ name }) => name === `node-${host}`)?.behave({ status: isHealthy ? 200 : 503 });
  },
  /** Sessions that are open now, and the most that ever were, over all nodes. */
  raw: () => ({
    open: nodes.reduce((sum, { raw }) => sum + raw.open, 0),
    openOf: nodes.map(({ raw }) => raw.open),
  }),
  mark: (names: readonly string[]): void => {
    for (const end of ends(names)) end.mark();
  },
  /** As the consumers' `fates`. */
  fates: (names: readonly string[]) => {
    const deaths: Record<string, number> = {};
    let marks = 0;
    for (const end of ends(names)) {
      const death = end.death ?? "alive";
      deaths[death] = (deaths[death] ?? 0) + 1;
      marks += end.marks;
    }
    return { deaths, marks };
  },
  /** Which nodes got a request for a path, and the address that each saw it come from. */
  seen: (path: string) =>
    nodes.flatMap(({ name, received }) =>
      received
        .filter(({ url }) => url === path)
        .map(({ remoteAddress }) => ({ node: name, source: remoteAddress })),
    ),
  connections: (): number => nodes.reduce((sum, { openConnections }) => sum + openConnections, 0),
};

export type NodeProcedures = typeof procedures;
serve(procedures);
