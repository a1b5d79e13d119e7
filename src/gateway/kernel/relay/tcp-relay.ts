import type { DesiredNode } from "../../../domain/desired.ts";
import type { NodeId } from "../../../domain/ids.ts";
import { noTraffic } from "../../../domain/node-figures.ts";
import type { NodeTraffic } from "../../../domain/report.ts";
import type { EngineLog } from "../../engine.ts";
import { NodeTotals } from "../../proxy/node-totals.ts";
import { ReadBuffers } from "../../proxy/read-buffers.ts";
import type { RelayAddress } from "./relay-address.ts";
import { RelayListener, type RelayParts } from "./relay-listener.ts";
import type { Relay } from "./relay.ts";

const sweepMs = 1_000;
/** As long as the rules remember a session that carries nothing. */
const settings = { idleTimeoutMs: 3_600_000, connectTimeoutMs: 5_000, keepAliveMs: 60_000 } as const;

/** Where the relay is, as an address that is brought and taken away. */
export type Address = Pick<RelayAddress, "hold" | "close">;

/** A relay in this process: its sessions end with it. */
export class TcpRelay implements Relay {
  readonly #text: string;
  readonly #address: Address;
  readonly #log: EngineLog;
  readonly #parts: RelayParts = { settings, buffers: new ReadBuffers(), totals: new NodeTotals() };
  readonly #listeners = new Map<number, { readonly listener: RelayListener; readonly port: number }>();
  /** Of groups that are gone, while they have sessions. */
  #leaving: readonly RelayListener[] = [];
  readonly #sweeping: NodeJS.Timeout;

  /** @param text the address that it listens on, in canonical form @param address the same, as a thing of the host */
  constructor(text: string, address: Address, log: EngineLog) {
    this.#text = text;
    this.#address = address;
    this.#log = log;
    this.#sweeping = setInterval(() => this.#sweep(), sweepMs);
    this.#sweeping.unref();
  }

  async apply(groups: ReadonlyMap<number, readonly DesiredNode[]>): Promise<ReadonlyMap<number, number>> {
    for (const [group, { listener }] of this.#listeners) {
      if (groups.has(group)) continue;
      listener.stop();
      this.#listeners.delete(group);
      this.#leaving = [...this.#leaving, listener];
    }
    try {
      this.#address.hold(groups.size > 0 || this.#leaving.some(({ isIdle }) => !isIdle));
      for (const [group, nodes] of groups) await this.#serve(group, nodes);
    } catch (error) {
      this.#log.error({ err: error }, "sessions between IPv6 and IPv4 cannot be carried");
    }
    return new Map([...this.#listeners].map(([group, { port }]) => [group, port]));
  }

  async cut(ports: readonly number[]): Promise<void> {
    const all = this.#all;
    const pending = ports.flatMap((port) => all.map((listener) => listener.cut(port)));
    await Promise.all(pending.filter((end) => end !== null));
  }

  nodeOf(port: number): DesiredNode | undefined {
    for (const listener of this.#all) {
      const node = listener.nodeOf(port);
      if (node) return node;
    }
    return undefined;
  }

  traffic(): ReadonlyMap<NodeId, NodeTraffic> {
    const live = this.#all.flatMap(({ sessions }) => [...sessions]);
    const figures = this.#parts.totals.read(live);
    return new Map([...figures].map(([id, { traffic = noTraffic }]) => [id, traffic]));
  }

  close(): void {
    clearInterval(this.#sweeping);
    for (const { listener } of this.#listeners.values()) {
      listener.stop();
      listener.cutAll();
    }
    for (const listener of this.#leaving) listener.cutAll();
    this.#address.close();
  }

  get #all(): readonly RelayListener[] {
    return [...[...this.#listeners.values()].map(({ listener }) => listener), ...this.#leaving];
  }

  async #serve(group: number, nodes: readonly DesiredNode[]): Promise<void> {
    const known = this.#listeners.get(group);
    if (known) {
      known.listener.update(nodes);
      return;
    }
    const listener = new RelayListener(nodes, this.#parts);
    this.#listeners.set(group, { listener, port: await listener.listen(this.#text) });
  }

  #sweep(): void {
    for (const { listener } of this.#listeners.values()) listener.sweep();
    for (const listener of this.#leaving) listener.sweep();
    this.#leaving = this.#leaving.filter(({ isIdle }) => !isIdle);
  }
}
