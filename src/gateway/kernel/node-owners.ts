import type { NodeId } from "../../domain/ids.ts";

/** An address that sessions of a node go to. */
export interface NodePlace {
  readonly id?: NodeId;
  readonly host: string;
  readonly port: number;
}

type Ids = Set<NodeId | undefined>;

/** Whose bytes those are that went to an address. */
export class NodeOwners {
  readonly #byAddress = new Map<string, Ids>();
  readonly #byHost = new Map<string, Ids>();
  readonly #mixed = new Set<NodeId | undefined>();

  /** @param places every address that sessions may go to */
  constructor(places: Iterable<NodePlace>) {
    for (const { id, host, port } of places) {
      add(this.#byAddress, `${host} ${port}`, id);
      add(this.#byHost, host, id);
    }
  }

  /** @param port of a node's registration, or one that a port mapping leads to */
  of(host: string, port: number): NodeId | "nobody" | "several" {
    const ids = this.#byAddress.get(`${host} ${port}`) ?? this.#byHost.get(host);
    if (!ids) return "nobody";
    const [id] = ids;
    if (ids.size === 1 && id !== undefined) return id;
    for (const one of ids) this.#mixed.add(one);
    return "several";
  }

  /** Whether none of the addresses that `of` was asked for was the node's and others' too. */
  isAlone(id: NodeId): boolean {
    return !this.#mixed.has(id);
  }
}

function add(map: Map<string, Ids>, name: string, id: NodeId | undefined): void {
  const ids = map.get(name) ?? new Set();
  ids.add(id);
  map.set(name, ids);
}
