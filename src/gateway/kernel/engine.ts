import type { DesiredEndpoint, DesiredNetwork, DesiredNode } from "../../domain/desired.ts";
import { refusalReasons, type RefusalReason } from "../../domain/refusal.ts";
import type { EndpointFigures } from "../../domain/report.ts";
import type { ApplyReport, Engine, EngineLog } from "../engine.ts";
import type { SessionList, SessionQuery } from "../live-session.ts";
import { Caps } from "./caps.ts";
import { networkEntries, type KernelEndpoint } from "./compile.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import type { Poker } from "./conntrack/poke.ts";
import type { HostNetwork } from "./host-network.ts";
import { Image, resyncChanges, type KernelState } from "./image.ts";
import type { KernelSessions } from "./kernel-sessions.ts";
import { NodeAddresses } from "./node-addresses.ts";
import { refusalCounter, type SetName } from "./nft/schema.ts";
import type { Change, Tables } from "./nft/tables.ts";
import { networkWishes, planKernel, type KernelPlan } from "./plan.ts";
import { ensureRuleset } from "./ruleset-loader.ts";
import { sever, verdictOn, type Verdict } from "./sever.ts";

/** Endpoints have numbers from here on; lower flow marks are other programs'. */
const firstEndpointNumber = 16_777_216;
/** Caps that admit too little are looked after this often. */
const recountMs = 250;
/** Counting rests for so many times as long as it took. */
const restBetweenCounts = 20;
/** The kernel's tables are compared with the image this often, when something is applied. */
const auditMs = 300_000;

export interface KernelEngineParts {
  readonly tables: Tables;
  readonly conntrack: Conntrack;
  readonly poker: Poker;
  readonly hostNetwork: HostNetwork;
  readonly sessions: KernelSessions;
  readonly log: EngineLog;
}

/**
 * Carries sessions in the kernel: nftables decides, translates and counts; this process only changes elements. What the
 * kernel carries it goes on carrying when this process ends; the next one takes over flows and counts as they are.
 */
export class KernelEngine implements Engine {
  readonly #parts: KernelEngineParts;
  readonly #caps: Caps;
  readonly #image = new Image();
  readonly #addresses = new NodeAddresses(() => performance.now());
  readonly #groups = new Map<string, number>();
  readonly #recounting: NodeJS.Timeout;
  #isInSync = false;
  #syncedAt = 0;
  #last: KernelState = { networks: [], endpoints: [], groups: [] };
  #carried: ReadonlyMap<number, KernelEndpoint> = new Map();
  #desired: readonly DesiredEndpoint[] = [];
  #figures: readonly EndpointFigures[] = [];
  #figuresDueAt = 0;
  #refusedByCap: ReadonlyMap<number, number> = new Map();

  private constructor(parts: KernelEngineParts) {
    this.#parts = parts;
    this.#caps = new Caps(parts.tables, parts.conntrack, () => performance.now());
    this.#recounting = setInterval(() => this.#recount(), recountMs);
    this.#recounting.unref();
  }

  /** Loads the rules where they are not there yet. @throws Error where the kernel or nft refuses */
  static async start(parts: KernelEngineParts): Promise<KernelEngine> {
    const wasThere = await ensureRuleset(parts.tables);
    const engine = new KernelEngine(parts);
    if (wasThere) engine.#caps.takeOver();
    return engine;
  }

  /** See {@link Engine.apply}. @throws NetlinkError where the kernel refuses a state that it was told whole */
  async apply(
    desired: readonly DesiredEndpoint[],
    networks: readonly DesiredNetwork[],
  ): Promise<ApplyReport> {
    this.#parts.sessions.learn(desired);
    this.#guard(networks);
    const states = await this.#parts.hostNetwork.apply(networkWishes(desired, networks));
    const resolved = await this.#resolve(desired);
    const plan = planKernel(
      desired,
      networks,
      states,
      (name) => this.#groupNumber(name),
      (nodes) => resolved.get(nodes) ?? [],
    );
    const before = this.#carried;
    const isFirst = !this.#isInSync;
    this.#bringAbout(plan);
    this.#last = plan;
    this.#desired = desired;
    this.#carried = new Map(plan.endpoints.map((endpoint) => [endpoint.number, endpoint]));
    const verdicts = isFirst ? this.#orphans() : changedSince(before, this.#carried);
    const severedSessions = await sever(this.#parts.conntrack, this.#parts.poker, verdicts);
    for (const number of this.#caps.indebted) if (verdicts.has(number)) this.#caps.recount(number);
    return { severedSessions, failures: plan.failures };
  }

  /** Counting takes longer the more flows there are; it never takes more than a twentieth of this process's time. */
  figures(): readonly EndpointFigures[] {
    const startedAt = performance.now();
    if (startedAt < this.#figuresDueAt) return this.#figures;
    this.#figures = this.#count();
    const endedAt = performance.now();
    this.#figuresDueAt = endedAt + (endedAt - startedAt) * restBetweenCounts;
    return this.#figures;
  }

  #count(): readonly EndpointFigures[] {
    const { tables } = this.#parts;
    const counts = (set: SetName): ReadonlyMap<number, { packets: number; bytes: number }> =>
      tables.counters(set);
    const [opened, bytesIn, bytesOut] = [counts("opened"), counts("bytes_in"), counts("bytes_out")];
    const refused = refusalReasons.map((reason) => [reason, counts(refusalCounter(reason))] as const);
    this.#refusedByCap = new Map(
      [...tables.counters("refused_session_cap")].map(([n, { packets }]) => [n, packets]),
    );
    const sessions = this.#parts.conntrack.countLive();
    return this.#desired.map(({ id, kernel }) => {
      const number = kernel?.number ?? 0;
      const refusals = refused.map(
        ([reason, counter]) => [reason, counter.get(number)?.packets ?? 0] as const,
      );
      return {
        endpointId: id,
        sessions: sessions.get(number) ?? 0,
        newSessions: opened.get(number)?.packets ?? 0,
        bytesIn: bytesIn.get(number)?.bytes ?? 0,
        bytesOut: bytesOut.get(number)?.bytes ?? 0,
        refusals: Object.fromEntries(refusals) as Record<RefusalReason, number>,
      };
    });
  }

  sessions(query: SessionQuery): Promise<SessionList> {
    return this.#parts.sessions.list(query);
  }

  /** Leaves everything in the kernel as it is: sessions go on, and a gateway that starts again takes them over. */
  close(): Promise<void> {
    clearInterval(this.#recounting);
    this.#parts.hostNetwork.close();
    this.#parts.poker.close();
    this.#parts.sessions.close();
    return Promise.resolve();
  }

  /** An interface that comes up has to find the rules that keep its network to itself: a host that forwards has none. */
  #guard(networks: readonly DesiredNetwork[]): void {
    const { tables, hostNetwork } = this.#parts;
    const known = new Set(this.#last.networks.map(({ number }) => number));
    const fresh = networks
      .filter(({ number }) => !known.has(number))
      .map((network) => ({ ...network, device: hostNetwork.deviceOf(network) }));
    if (fresh.length === 0) return;
    if (this.#isInSync) {
      const added = fresh.map(({ number, device, cidrs }) => ({ number, device, cidrs }));
      const { changes, accept } = this.#image.difference({
        ...this.#last,
        networks: [...this.#last.networks, ...added],
      });
      tables.apply(changes);
      accept();
      return;
    }
    // What the tables hold is not known: only what goes by the interface is added, and all is compared soon.
    const present = new Set(tables.list("vpc_of_interface").map(({ key }) => key[0]));
    const missing = fresh.filter(({ device }) => !present.has(device));
    const entries = missing.flatMap((network) =>
      networkEntries(network).filter(({ element }) => element.key[0] === network.device),
    );
    tables.apply(entries.map((entry) => ({ verb: "add", ...entry })));
  }

  async #resolve(
    desired: readonly DesiredEndpoint[],
  ): Promise<ReadonlyMap<readonly DesiredNode[], readonly DesiredNode[]>> {
    const lists = [...new Set(desired.map(({ nodes }) => nodes))];
    const resolved = await Promise.all(lists.map((nodes) => this.#addresses.resolve(nodes)));
    return new Map(lists.map((nodes, index) => [nodes, resolved[index] ?? []]));
  }

  #groupNumber(name: string): number {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const number = this.#groups.size + 1;
    this.#groups.set(name, number);
    return number;
  }

  /** One atomic batch of what differs. Where that fails, or the image may be wrong, all is compared with the kernel. */
  #bringAbout(plan: KernelPlan): void {
    if (performance.now() - this.#syncedAt > auditMs) this.#isInSync = false;
    const caps = this.#caps.plan(plan.caps);
    const { tables, log } = this.#parts;
    if (this.#isInSync) {
      const { changes, accept } = this.#image.difference(plan);
      try {
        tables.apply([...changes, ...caps.changes]);
        accept();
        this.#caps.carriedOut(plan.caps, caps.toCount);
        return;
      } catch (error) {
        log.error({ err: error }, "the kernel refused a change; comparing everything");
        this.#isInSync = false;
      }
    }
    tables.apply([...this.#wholeDifference(plan), ...caps.changes]);
    this.#image.accept(plan);
    this.#caps.carriedOut(plan.caps, caps.toCount);
    this.#isInSync = true;
    this.#syncedAt = performance.now();
  }

  #wholeDifference(plan: KernelPlan): readonly Change[] {
    return resyncChanges(
      plan,
      (set) => this.#parts.tables.list(set),
      (set) => set === "cap" || set === "credit" || set === "crowded",
    );
  }

  /** Flows of endpoints that a predecessor carried and that are no more, or may not be carried any more. */
  #orphans(): ReadonlyMap<number, Verdict> {
    const verdicts = new Map<number, Verdict>();
    for (const { mark } of this.#parts.conntrack.list()) {
      const endpoint = this.#carried.get(mark);
      if (mark > firstEndpointNumber && (!endpoint || endpoint.refusal !== null)) verdicts.set(mark, "all");
      else if (endpoint) verdicts.set(mark, strangersOf(endpoint));
    }
    return verdicts;
  }

  /** An endpoint whose cap refuses although it may admit too little is counted anew; one with few credits gets more. */
  #recount(): void {
    try {
      this.#caps.refill();
      const { indebted } = this.#caps;
      if (indebted.length === 0) return;
      const refused = this.#parts.tables.counters("refused_session_cap");
      for (const number of indebted) {
        const isRefusing = (refused.get(number)?.packets ?? 0) > (this.#refusedByCap.get(number) ?? 0);
        if (isRefusing) this.#caps.recount(number);
      }
      this.#refusedByCap = new Map([...refused].map(([number, { packets }]) => [number, packets]));
    } catch (error) {
      this.#isInSync = false;
      this.#parts.log.error({ err: error }, "counting sessions anew failed");
    }
  }
}

function changedSince(
  before: ReadonlyMap<number, KernelEndpoint>,
  after: ReadonlyMap<number, KernelEndpoint>,
): ReadonlyMap<number, Verdict> {
  const verdicts = new Map<number, Verdict>();
  for (const [number, endpoint] of before) {
    const next = after.get(number);
    const verdict = next === endpoint ? undefined : verdictOn(endpoint, next);
    if (verdict !== undefined) verdicts.set(number, verdict);
  }
  return verdicts;
}

/** What an endpoint that nothing was known of does not admit. */
function strangersOf(endpoint: KernelEndpoint): Verdict {
  const { sources: _all, ...anybody } = endpoint;
  return verdictOn(anybody, endpoint) ?? (() => false);
}
