import { isIP } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { DesiredEndpoint, DesiredNetwork } from "../../domain/desired.ts";
import type { NodeId } from "../../domain/ids.ts";
import { refusalReasons } from "../../domain/refusal.ts";
import type { RefusalRecord } from "../../domain/refusal-record.ts";
import type { EndpointFigures, NodeFigures } from "../../domain/report.ts";
import type { ApplyReport, Engine, EngineLog } from "../engine.ts";
import type { EndpointId } from "../../domain/ids.ts";
import type { SessionKey, SessionList, SessionQuery } from "../../domain/live-session.ts";
import { batchesOf, type Batch } from "./batches.ts";
import { Caps } from "./caps.ts";
import { networkEntries, type KernelEndpoint } from "./compile.ts";
import type { Conntrack } from "./conntrack/conntrack.ts";
import type { Poker } from "./conntrack/poke.ts";
import { Figures } from "./figures.ts";
import type { HostNetwork } from "./host-network.ts";
import { resyncChanges, turnChanges, type KernelTurns } from "./image.ts";
import type { KernelSessions } from "./kernel-sessions.ts";
import { NodeAddresses } from "./node-addresses.ts";
import { NodeDrains } from "./node-drains.ts";
import { firstEndpointNumber } from "./nft/closing.ts";
import type { Count } from "./nft/counters.ts";
import { isOfOthers, refusalCounter } from "./nft/schema.ts";
import type { Change, Tables } from "./nft/tables.ts";
import { Paced } from "./paced.ts";
import { Plan } from "./plan.ts";
import type { Relay } from "./relay/relay.ts";
import { roomFor } from "./room.ts";
import { RefusedSources } from "./refused-sources.ts";
import { ensureRuleset, openRuleset } from "./ruleset-loader.ts";
import { eitherOf, sever, severOne, verdictOn, type Verdict } from "./sever.ts";
import type { Turn } from "./tracked.ts";

/** Caps that admit too little are looked after this often. */
const recountMs = 250;
/** What somebody else may have changed in the kernel's tables is looked for this often, when something is applied. */
const auditMs = 300_000;

export interface KernelEngineParts {
  readonly tables: Tables;
  readonly conntrack: Conntrack;
  readonly poker: Poker;
  readonly hostNetwork: HostNetwork;
  readonly relay: Relay;
  readonly sessions: KernelSessions;
  readonly log: EngineLog;
}

/**
 * Carries sessions in the kernel: nftables decides, translates and counts; this process only changes elements. What the
 * kernel carries it goes on carrying when this process ends; the next one takes over flows and counts as they are.
 */
export class KernelEngine implements Engine {
  readonly kinds = ["kernel"] as const;
  readonly #parts: KernelEngineParts;
  readonly #caps: Caps;
  readonly #plan: Plan;
  readonly #addresses = new NodeAddresses(() => performance.now());
  readonly #groups = new Map<string, number>();
  readonly #recounting: NodeJS.Timeout;
  readonly #drains: NodeDrains;
  /** Whether the tables are known to say what the plan said when it was settled last. */
  #isInSync = false;
  #auditedAt = performance.now();
  /** Whether there may be flows that nobody admits any more, of a predecessor or from before a failure. */
  #mayHaveOrphans = true;
  #hasStates = false;
  /** Whether nothing passes because the tables do not say yet what may. */
  #isClosed = false;
  /** Whether there may be flows that are older than their endpoint's counters. */
  #areSomeUncounted = false;
  #desired: readonly DesiredEndpoint[] = [];
  readonly #figures: Figures;
  readonly #refused: RefusedSources;
  readonly #recountPace = new Paced(() => performance.now());
  /** Refusals of endpoints whose cap may admit too little, when they were looked at last. */
  #refusedByCap: ReadonlyMap<number, Count> = new Map();

  private constructor(parts: KernelEngineParts) {
    this.#parts = parts;
    this.#caps = new Caps(parts.tables, parts.conntrack, () => performance.now());
    this.#figures = new Figures(parts.tables, parts.conntrack, () => performance.now());
    this.#refused = new RefusedSources(parts.tables, { now: () => performance.now(), wallNow: Date.now });
    this.#plan = new Plan({
      groupNumber: (name) => this.#groupNumber(name),
      resolve: (nodes) => this.#addresses.resolve(nodes),
      deviceOf: (network) => parts.hostNetwork.deviceOf(network),
    });
    this.#recounting = setInterval(() => {
      if (this.#recountPace.isDue) this.#recountPace.run(() => this.#recount());
    }, recountMs);
    this.#recounting.unref();
    this.#drains = new NodeDrains({ ...parts, plan: this.#plan });
  }

  /** Loads the rules where they are not there yet. @throws Error where the kernel or nft refuses */
  static async start(parts: KernelEngineParts): Promise<KernelEngine> {
    const { wasThere, isClosed } = await ensureRuleset(parts.tables);
    const engine = new KernelEngine(parts);
    engine.#isClosed = isClosed;
    parts.tables.noteGeneration();
    if (wasThere) {
      engine.#caps.takeOver();
      engine.#refused.takeOver();
    } else engine.#beginEmpty();
    return engine;
  }

  #beginEmpty(): void {
    this.#isInSync = true;
    // Flows outlive tables that are removed; without any there is nobody to be counted.
    const marks = [...this.#parts.conntrack.countLive().keys()];
    this.#areSomeUncounted = marks.some((mark) => mark > firstEndpointNumber);
    if (!this.#areSomeUncounted) this.#caps.endTakeOver();
  }

  /** See {@link Engine.apply}. @throws NetlinkError where the kernel refuses a state that it was told whole */
  async apply(
    desired: readonly DesiredEndpoint[],
    networks: readonly DesiredNetwork[],
  ): Promise<ApplyReport> {
    const { hostNetwork, relay, sessions } = this.#parts;
    const room = roomFor(desired);
    sessions.learn(room.carried);
    this.#audit();
    this.#desired = room.carried;
    this.#plan.update(room.carried, networks);
    try {
      // What is to end ends before the host's interfaces and routes are looked at: that may take its time.
      const severedAtOnce = await this.#restrict(networks);
      const host = await hostNetwork.apply(this.#plan.takeWishes());
      this.#plan.takeStates(host.states);
      this.#plan.takeNames();
      this.#plan.takeRelayPorts(await relay.apply(this.#plan.relayed));
      this.#hasStates = true;
      const severedSessions = severedAtOnce + (await this.#bringAbout());
      if (this.#isClosed) await this.#open();
      const { failures, coming, resolvers } = this.#plan;
      const news = [host.news, this.#addresses.news].filter((promise) => promise !== undefined);
      return {
        severedSessions,
        failures: room.failures.length > 0 ? [...failures, ...room.failures] : failures,
        ...(coming.length > 0 ? { coming } : {}),
        ...(resolvers.length > 0 ? { resolvers } : {}),
        ...(news.length > 0 ? { news: Promise.race(news) } : {}),
      };
    } catch (error) {
      this.#isInSync = false;
      this.#drains.forgetCuts();
      throw error;
    }
  }

  figures(): readonly EndpointFigures[] {
    return this.#figures.read(this.#desired, (number) => this.#plan.endpoints.get(number) !== undefined);
  }

  takeRefusals(most: number): readonly RefusalRecord[] {
    return this.#refused.take(most, (number) => this.#plan.idOf(number));
  }

  figuresByNode(): Promise<ReadonlyMap<NodeId, NodeFigures> | undefined> {
    return Promise.resolve(this.#drains.figures);
  }

  sessions(query: SessionQuery): Promise<SessionList> {
    return this.#parts.sessions.list(query);
  }

  /** See {@link Engine.end}. @throws NetlinkError, SystemCallError */
  async end(endpointId: EndpointId, { source, clientPort }: SessionKey): Promise<boolean> {
    const number = this.#parts.sessions.numberOf(endpointId);
    const endpoint = number === undefined ? undefined : this.#plan.endpoints.get(number);
    const destination = endpoint?.addresses.find((address) => isIP(address) === isIP(source.host));
    if (!endpoint || destination === undefined) return false;
    const original = {
      source: source.host,
      destination,
      sourcePort: source.port,
      destinationPort: clientPort,
    };
    const isEnded = await severOne(this.#parts, endpoint.number, original, endpoint.network);
    if (isEnded && this.#caps.indebted.includes(endpoint.number)) this.#caps.recount(endpoint.number);
    return isEnded;
  }

  /**
   * Leaves everything in the kernel as it is: sessions go on, and a gateway that starts again takes them over. What the
   * relay carries ends with this process.
   */
  close(): Promise<void> {
    clearInterval(this.#recounting);
    this.#drains.close();
    this.#parts.hostNetwork.close();
    this.#parts.relay.close();
    this.#parts.poker.close();
    this.#parts.sessions.close();
    return Promise.resolve();
  }

  /** Brings about what needs nothing of the host. Of what a predecessor left, nothing is taken away yet. */
  async #restrict(networks: readonly DesiredNetwork[]): Promise<number> {
    if (this.#hasStates || this.#isInSync) return this.#bringAbout();
    this.#guard(networks);
    return 0;
  }

  async #open(): Promise<void> {
    await openRuleset();
    this.#isClosed = false;
    this.#parts.tables.noteGeneration();
  }

  /** An interface that comes up has to find the rules that keep its network to itself: a host that forwards has none. */
  #guard(networks: readonly DesiredNetwork[]): void {
    const { tables, hostNetwork } = this.#parts;
    // What the tables hold is not known: only what goes by the interface is added, and all is compared soon.
    const present = new Set(tables.list("vpc_of_interface").map(({ key }) => key[0]));
    const entries = networks.flatMap(({ number, cidrs, ...network }) => {
      const device = hostNetwork.deviceOf({ number, cidrs, ...network });
      if (present.has(device)) return [];
      present.add(device);
      return networkEntries({ number, device, cidrs }).filter(({ element }) => element.key[0] === device);
    });
    tables.apply(entries.map((entry) => ({ verb: "add", ...entry })));
  }

  #groupNumber(name: string): number {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const number = this.#groups.size + 1;
    this.#groups.set(name, number);
    return number;
  }

  /** Where somebody else has changed the kernel's tables, ours may be among them. */
  #audit(): void {
    if (performance.now() - this.#auditedAt < auditMs) return;
    this.#auditedAt = performance.now();
    if (!this.#parts.tables.areUntouched) this.#isInSync = false;
  }

  /**
   * Tells the kernel what has changed, and ends the flows that are no longer allowed. Where the kernel refuses, or what
   * it holds is not known, everything is compared. Returns how many live sessions were cut.
   */
  async #bringAbout(): Promise<number> {
    this.#drains.countNews();
    const turns = this.#plan.endpoints.turns();
    const farewell = this.#isInSync ? await this.#tellChanges(turns) : undefined;
    if (!farewell) this.#tellAll();
    const verdicts = new Map<number, Verdict>();
    for (const [number, { before, after }] of turns) {
      const verdict = before && verdictOn(before, after);
      if (verdict !== undefined) verdicts.set(number, verdict);
    }
    for (const [number, verdict] of this.#drains.takeCuts()) {
      verdicts.set(number, eitherOf(verdicts.get(number), verdict));
    }
    const hasOrphans = this.#mayHaveOrphans && this.#hasStates;
    if (hasOrphans) this.#addOrphans(verdicts);
    const { conntrack, poker, relay } = this.#parts;
    const mayHaveFlows = (number: number): boolean => !farewell || this.#mayHaveFlows(number);
    const severed = await sever({ conntrack, poker, relay }, verdicts, mayHaveFlows, (number) =>
      this.#figures.countSevered(number),
    );
    this.#parts.tables.apply([...(farewell ?? []), ...this.#refusalsOf(farewell ?? [])]);
    this.#plan.settle();
    if (hasOrphans) {
      this.#mayHaveOrphans = false;
      this.#caps.endTakeOver();
    }
    if (verdicts.size > 0)
      for (const number of this.#caps.indebted) if (verdicts.has(number)) this.#caps.recount(number);
    return severed;
  }

  /** Returns what removes the counters that the rules themselves have made of endpoints that go. */
  #refusalsOf(farewell: readonly Change[]): readonly Change[] {
    const numbers = farewell.map(({ element }) => Number(element.key[0]));
    const made = [...refusalReasons.map(refusalCounter), "newcomers"] as const;
    return made.flatMap((set) => {
      const counted = this.#parts.tables.countersOf(set, numbers).keys();
      return [...counted].map((number): Change => ({ verb: "remove", set, element: { key: [number] } }));
    });
  }

  /** A flow was counted when it was let in, unless that was before the counters were made. */
  #mayHaveFlows(number: number): boolean {
    return this.#areSomeUncounted || this.#parts.tables.counted("opened", number) > 0;
  }

  /**
   * One atomic batch of what differs, and further ones of endpoints that are new where these are many.
   * @returns what is left to be done when flows have been ended; undefined where the kernel refused
   */
  async #tellChanges(
    turns: ReadonlyMap<number, Turn<KernelEndpoint>>,
  ): Promise<readonly Change[] | undefined> {
    const [first = [], ...others] = batchesOf(turns);
    try {
      const { networks, groups } = this.#plan;
      const farewell = this.#tell(first, {
        networks: networks.turns().values(),
        groups: groups.turns().values(),
      });
      for (const batch of others) {
        await setImmediate();
        this.#tell(batch, { networks: [], groups: [] });
      }
      return farewell;
    } catch (error) {
      this.#parts.log.error({ err: error }, "the kernel refused a change; comparing everything");
      this.#isInSync = false;
      return undefined;
    }
  }

  #tell(batch: Batch, others: Omit<KernelTurns, "endpoints">): readonly Change[] {
    const caps = new Map(batch.map(([number]) => [number, this.#plan.capOf(number)]));
    const { changes, toCount } = this.#caps.plan(caps);
    const elements = turnChanges({ ...others, endpoints: batch.map(([, turn]) => turn) });
    this.#parts.tables.apply([...elements.filter((change) => !isFarewell(change)), ...changes]);
    this.#caps.carriedOut(caps, toCount);
    return elements.filter(isFarewell);
  }

  /** Compares everything. @throws NetlinkError where the kernel refuses what makes it right */
  #tellAll(): void {
    const { tables } = this.#parts;
    const { networks, endpoints, groups } = this.#plan;
    const caps = new Map<number, number | undefined>();
    for (const number of this.#caps.numbers) caps.set(number, undefined);
    for (const { number } of endpoints.values()) caps.set(number, this.#plan.capOf(number));
    const { changes, toCount } = this.#caps.plan(caps);
    tables.noteGeneration();
    const elements = resyncChanges(
      { networks: networks.values(), endpoints: endpoints.values(), groups: groups.values() },
      (set) => tables.list(set),
      isOfOthers,
    );
    tables.apply([...elements, ...changes]);
    this.#caps.carriedOut(caps, toCount);
    // Counters of endpoints that were carried may have been made anew.
    this.#areSomeUncounted ||= !this.#mayHaveOrphans && elements.some(({ set }) => set === "opened");
    this.#isInSync = true;
    this.#mayHaveOrphans = true;
  }

  /** Flows of endpoints that are no more, or that are not allowed: a predecessor, or a failure, may have left them. */
  #addOrphans(verdicts: Map<number, Verdict>): void {
    for (const mark of new Set(this.#parts.conntrack.list().map((flow) => flow.mark))) {
      const endpoint = this.#plan.endpoints.get(mark);
      if (mark > firstEndpointNumber && (!endpoint || endpoint.refusal !== null)) verdicts.set(mark, "all");
      else if (endpoint) verdicts.set(mark, eitherOf(verdicts.get(mark), strangersOf(endpoint)));
    }
  }

  /** An endpoint with few credits gets more, and one whose cap refuses although there is room is looked at. */
  #recount(): void {
    try {
      this.#caps.refill();
      const refused = this.#parts.tables.countersIn("refused_session_cap");
      const before = this.#refusedByCap;
      this.#refusedByCap = refused;
      const isRefusing = ([number, { packets }]: readonly [number, Count]): boolean =>
        packets > (before.get(number)?.packets ?? 0);
      this.#caps.lookAtRefusing([...refused].filter(isRefusing).map(([number]) => number));
    } catch (error) {
      this.#isInSync = false;
      this.#parts.log.error({ err: error }, "counting sessions anew failed");
    }
  }
}

/** What an endpoint that goes leaves until its flows are ended: it tells whether there were any. */
function isFarewell({ verb, set }: Change): boolean {
  return verb === "remove" && set === "opened";
}

/** What an endpoint that nothing was known of does not admit. */
function strangersOf(endpoint: KernelEndpoint): Verdict {
  const { sources: _all, ...anybody } = endpoint;
  return verdictOn(anybody, endpoint) ?? (() => false);
}
