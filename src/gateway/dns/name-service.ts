import type { NodeId, VpcId } from "../../domain/ids.ts";
import type { Resolver, Snapshot } from "../../domain/snapshot.ts";
import type { ApplyReport, EngineLog, KernelResolver } from "../engine.ts";
import { ConnectionLimits } from "./connection-limits.ts";
import { NameServer, type NameServerParts } from "./name-server.ts";
import type { NameUpdates } from "./update/name-updates.ts";
import { Views, type View } from "./view.ts";

export interface NameSettings {
  /** How long answers may be kept, in seconds. */
  readonly ttlS: number;
  /** Ports to try, one after another, for loopback networks; the first that is free is taken. From 1. */
  readonly ports: readonly number[];
}

type Bindings = Pick<NameServerParts, "datagrams" | "streams">;

export interface NameServiceParts extends NameSettings {
  /** Whether a node serves; null where it was not asked yet. */
  readonly isHealthy: (node: NodeId) => boolean | null;
  /** Returns descriptors of sockets that are bound in a network that the kernel carries. @throws the system's error */
  readonly openInKernelNetwork: (
    place: KernelResolver,
  ) => Promise<{ readonly datagrams: number; readonly streams: number }>;
  /** Has the same names in zones of existing name servers; it is closed with this. */
  readonly updates?: NameUpdates;
  readonly log: EngineLog & { info(fields: object, message: string): void };
}

const mostConnections = { inAll: 1_000, ofNetwork: 150, ofSource: 20 } as const;
const idleMs = 10_000;

/** Where one network's name server is to be. */
type Place = Resolver | KernelResolver;

interface Running {
  /** Equal texts, equal sockets. */
  readonly text: string;
  readonly server: NameServer;
}

/**
 * Serves the private names of all networks: each at an address of its own, so that who is asked tells who asks. It
 * knows nothing but the last snapshot that was applied, so it answers whether the control plane lives or not.
 */
export class NameService {
  readonly #parts: NameServiceParts;
  readonly #limits = new ConnectionLimits(mostConnections);
  readonly #running = new Map<VpcId, Running>();
  readonly #problems = new Map<VpcId, string>();
  readonly #views: Views;

  constructor(parts: NameServiceParts) {
    this.#parts = parts;
    this.#views = new Views(parts.isHealthy, parts.ttlS);
  }

  /**
   * Brings about the names of a snapshot that the engines have applied. A name server that cannot be had is logged, and
   * tried again by the next call; it never fails the others. Calls are made one at a time.
   */
  async apply(snapshot: Snapshot, { failures, coming = [], resolvers = [] }: ApplyReport): Promise<void> {
    const failed = new Set([...failures.map(({ endpointId }) => endpointId), ...coming]);
    const shown = this.#views.update(snapshot, failed);
    this.#parts.updates?.keep(snapshot, this.#views);
    const places: readonly Place[] = [...(snapshot.dns?.resolvers ?? []), ...resolvers];
    const wanted = new Map(places.map((place) => [place.vpcId, JSON.stringify(place)]));
    for (const [vpcId, { text, server }] of this.#running) {
      if (wanted.get(vpcId) === text) continue;
      this.#running.delete(vpcId);
      await server.close();
    }
    for (const place of places) {
      const view = shown.get(place.vpcId);
      if (view && !this.#running.has(place.vpcId)) await this.#start(place, view);
    }
    for (const [vpcId, { server }] of this.#running) {
      const view = shown.get(vpcId);
      if (view) server.show(view);
    }
  }

  async close(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all([this.#parts.updates?.close(), ...running.map(({ server }) => server.close())]);
  }

  async #start(place: Place, view: View): Promise<void> {
    const { log } = this.#parts;
    const { vpcId, address } = place;
    try {
      const server =
        "device" in place
          ? await this.#startInKernelNetwork(place, view)
          : await this.#startHere(place, view);
      this.#running.set(vpcId, { text: JSON.stringify(place), server });
      this.#problems.delete(vpcId);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      // It is tried with every change of a node's health: said once is enough.
      if (this.#problems.get(vpcId) !== problem)
        log.warn({ network: vpcId, address, problem }, "names cannot be served in this network");
      this.#problems.set(vpcId, problem);
    }
  }

  async #startInKernelNetwork(place: KernelResolver, view: View): Promise<NameServer> {
    const { datagrams, streams } = await this.#parts.openInKernelNetwork(place);
    return this.#serve(place, { datagrams: { fd: datagrams }, streams: { fd: streams } }, view);
  }

  /** @throws the error of the last port */
  async #startHere(place: Resolver, view: View): Promise<NameServer> {
    const { ports, log } = this.#parts;
    let failure: unknown = new Error("There is no port to listen on.");
    for (const port of ports) {
      try {
        const where = { port, exclusive: true };
        const { address } = place;
        const bindings = { datagrams: { ...where, address }, streams: { ...where, host: address } };
        const server = await this.#serve(place, bindings, view);
        log.info({ network: place.vpcId, address, port }, "names are served");
        return server;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #serve({ vpcId, address }: Place, bindings: Bindings, view: View): Promise<NameServer> {
    const { log } = this.#parts;
    return NameServer.start(
      { ...bindings, network: vpcId, address, limits: this.#limits, idleMs, log },
      view,
    );
  }
}
