import { isIPv4 } from "node:net";
import type { NodeId } from "../../domain/ids.ts";
import { addTraffic, noTraffic } from "../../domain/node-figures.ts";
import type { NodeFigures, NodeTraffic } from "../../domain/report.ts";
import { NodeOwners, type NodePlace } from "./node-owners.ts";
import { mostCountedNodes, nodeCounterSets } from "./nft/schema.ts";
import type { Change, Listed, Tables } from "./nft/tables.ts";
import { Paced } from "./paced.ts";

const families = [4, 6] as const;

export type NodeCounterTables = Pick<Tables, "list" | "apply">;
type Address = Pick<NodePlace, "host" | "port">;
type Counted = Address & { -readonly [Name in keyof NodeTraffic]: NodeTraffic[Name] };

/**
 * What the kernel has carried to and from nodes. It counts by address: where services have a node in common, nobody can
 * tell whose bytes they were. No more addresses are counted than there is room for.
 */
export class NodeCounters {
  readonly #tables: NodeCounterTables;
  readonly #pace: Paced;
  /** What the kernel counts, by address; undefined while that is not known. */
  #counted: Map<string, Counted> | undefined;
  #traffic: ReadonlyMap<NodeId, NodeTraffic> = new Map();

  /** @param now milliseconds of a clock that never goes back */
  constructor(tables: NodeCounterTables, now: () => number) {
    this.#tables = tables;
    this.#pace = new Paced(now);
  }

  /** Makes the kernel count what goes to addresses; to be called before sessions go there. @throws NetlinkError */
  count(addresses: Iterable<Address>): void {
    const counted = (this.#counted ??= this.#list());
    const added = new Map<string, Counted>();
    for (const { host, port } of addresses) {
      const name = `${host} ${port}`;
      if (!counted.has(name)) added.set(name, { host, port, ...noTraffic });
    }
    if (added.size === 0) return;
    const room = { 4: mostCountedNodes, 6: mostCountedNodes };
    for (const { host } of counted.values()) room[familyOf(host)] -= 1;
    for (const [name, { host }] of added) if ((room[familyOf(host)] -= 1) < 0) added.delete(name);
    this.#change("add", added.values());
    for (const [name, one] of added) counted.set(name, one);
  }

  /**
   * Returns what each node has carried; nodes of which that cannot be told are left out. What is no place any more is
   * counted no more.
   * @param places every address that sessions may go to
   * @throws NetlinkError
   */
  read(places: Iterable<NodePlace>): ReadonlyMap<NodeId, NodeTraffic> {
    if (this.#pace.isDue) this.#pace.run(() => this.#look([...places]));
    return this.#traffic;
  }

  #look(places: readonly NodePlace[]): void {
    this.#counted = this.#list();
    this.count(places);
    this.#traffic = this.#assign(new NodeOwners(places));
  }

  #assign(owners: NodeOwners): ReadonlyMap<NodeId, NodeTraffic> {
    const traffic = new Map<NodeId, NodeTraffic>();
    const stale = new Map<string, Counted>();
    for (const [name, one] of this.#counted ?? []) {
      const owner = owners.of(one.host, one.port);
      if (owner === "nobody") stale.set(name, one);
      else if (owner !== "several") traffic.set(owner, addTraffic(traffic.get(owner) ?? noTraffic, one));
    }
    this.#change("remove", stale.values());
    for (const name of stale.keys()) this.#counted?.delete(name);
    return new Map([...traffic].filter(([id]) => owners.isAlone(id)));
  }

  #list(): Map<string, Counted> {
    const all = new Map<string, Counted>();
    const { opened, into, outOf } = nodeCounterSets;
    const countOf = ({ key: [host = "", port = 0], counter = { packets: 0, bytes: 0 } }: Listed) => {
      const name = `${host} ${port}`;
      const one = all.get(name) ?? { host: String(host), port: Number(port), ...noTraffic };
      all.set(name, one);
      return { one, ...counter };
    };
    for (const family of families) {
      for (const { one, packets } of this.#tables.list(opened[family]).map(countOf))
        one.newSessions = packets;
      for (const { one, bytes } of this.#tables.list(into[family]).map(countOf)) one.bytesIn = bytes;
      for (const { one, bytes } of this.#tables.list(outOf[family]).map(countOf)) one.bytesOut = bytes;
    }
    return all;
  }

  /** An address is in all three sets or in none. What is not known after a failure is found out by the next look. */
  #change(verb: Change["verb"], addresses: Iterable<Address>): void {
    const changes = Array.from(addresses, ({ host, port }) =>
      Object.values(nodeCounterSets).map((sets): Change => ({
        verb,
        set: sets[familyOf(host)],
        element: { key: [host, port] },
      })),
    );
    try {
      this.#tables.apply(changes.flat());
    } catch (error) {
      this.#counted = undefined;
      throw error;
    }
  }
}

function familyOf(host: string): 4 | 6 {
  return isIPv4(host) ? 4 : 6;
}

interface KnownOfNodes {
  /** Live sessions of nodes that have any. */
  readonly sessions: ReadonlyMap<NodeId, number>;
  /** What the kernel has counted, of nodes of which it can be told. */
  readonly counted: ReadonlyMap<NodeId, NodeTraffic>;
  /** What the relay has carried, which the kernel counts at no node. */
  readonly relayed: ReadonlyMap<NodeId, NodeTraffic>;
}

/** Puts together what is known of nodes. Of one whose bytes nobody can tell only its sessions are. */
export function figuresOfNodes(
  ids: Iterable<NodeId>,
  { sessions, counted, relayed }: KnownOfNodes,
): ReadonlyMap<NodeId, NodeFigures> {
  const figures = Array.from(ids, (id): [NodeId, NodeFigures] => {
    const live = { sessions: sessions.get(id) ?? 0 };
    const traffic = counted.get(id);
    return [id, traffic ? { ...live, traffic: addTraffic(traffic, relayed.get(id) ?? noTraffic) } : live];
  });
  return new Map(figures);
}
