import type { AwayNode, DesiredNode } from "../../domain/desired.ts";

/** Finds the node of a service that a flow goes to. Hosts are addresses. */
export class NodeLookup {
  readonly #byAddress = new Map<string, DesiredNode | AwayNode>();
  readonly #byHost = new Map<string, DesiredNode | AwayNode>();

  /** @param nodes where several fit, the first counts: those that serve come first */
  constructor(nodes: readonly (DesiredNode | AwayNode)[]) {
    for (const node of nodes) {
      const address = `${node.host} ${node.port}`;
      if (!this.#byAddress.has(address)) this.#byAddress.set(address, node);
      if (!this.#byHost.has(node.host)) this.#byHost.set(node.host, node);
    }
  }

  /** @param port of a node's registration, or one that a port mapping leads to */
  at(host: string, port: number): DesiredNode | AwayNode | undefined {
    return this.#byAddress.get(`${host} ${port}`) ?? this.#byHost.get(host);
  }
}
