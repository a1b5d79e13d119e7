import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DesiredEndpoint, DesiredNetwork } from "../../domain/desired.ts";
import type { EndpointId, ServiceId, VpcId } from "../../domain/ids.ts";
import type { RefusalReason } from "../../domain/refusal.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import { Poker } from "./conntrack/poke.ts";
import { KernelEngine } from "./engine.ts";
import type { HostNetwork, HostReport, NetworkWish } from "./host-network.ts";
import { KernelSessions } from "./kernel-sessions.ts";
import { rulesetText } from "./nft/ruleset.ts";
import type { SetName } from "./nft/schema.ts";
import type { Relay } from "./relay/relay.ts";
import { Tables } from "./nft/tables.ts";
import { missing, TestNamespace } from "./test-network.ts";

const network: DesiredNetwork = {
  id: "v" as VpcId,
  number: 7,
  attachment: { kind: "interface", device: "eth1" },
  cidrs: ["10.0.0.0/24"],
};
const nodes = [{ host: "10.9.0.1", port: 9200 }];
const first = 16_777_217;

function endpoint(n: number, refusal: RefusalReason | null = null): DesiredEndpoint {
  return {
    id: `e${n}` as EndpointId,
    address: `10.0.0.${n}`,
    clientPorts: [9200],
    maxSession: 3_000,
    refusal,
    nodes,
    kernel: { network: network.id, service: "s" as ServiceId, number: first + n },
  };
}

/** A host whose one network is there, and which answers for the addresses that it is told nobody has. */
class FakeHost implements HostNetwork {
  readonly free = new Set<string>();
  /** Applies wait for this. */
  gate: Promise<void> = Promise.resolve();
  applies = 0;
  #news = Promise.withResolvers<void>();

  /** Nobody has the address. */
  finds(address: string): void {
    this.free.add(address);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  deviceOf(): string {
    return "eth1";
  }

  async apply(wishes: readonly NetworkWish[]): Promise<HostReport> {
    this.applies += 1;
    await this.gate;
    const states = wishes.map((wish) => {
      const wished = [...wish.addresses.keys()];
      const answered = new Set(wished.filter((address) => this.free.has(address)));
      return { network: wish.network.id, device: "eth1", answered, refused: new Map() };
    });
    return { states, news: this.#news.promise };
  }

  close(): void {
    this.free.clear();
  }
}

/** Nobody comes by IPv6 here. */
const noRelay: Relay = {
  apply: () => Promise.resolve(new Map()),
  nodeOf: () => undefined,
  cut: () => Promise.resolve(),
  traffic: () => new Map(),
  close: () => undefined,
};

const reason = missing === undefined ? "" : ` (skipped: ${missing})`;

describe.skipIf(missing !== undefined)(`the kernel engine${reason}`, () => {
  let namespace: TestNamespace;
  let tables: Tables;
  let host: FakeHost;
  let engine: KernelEngine;
  let errors: unknown[];

  async function start(): Promise<KernelEngine> {
    const socket = namespace.netfilter();
    tables = new Tables(socket);
    host = new FakeHost();
    const log = { warn: () => undefined, error: (fields: object) => void errors.push(fields) };
    return KernelEngine.start({
      tables,
      conntrack: new Conntrack(socket),
      poker: namespace.within((libc) => Poker.open(libc)),
      hostNetwork: host,
      relay: noRelay,
      sessions: namespace.within((libc) => KernelSessions.open(libc, log)),
      log,
    });
  }

  beforeEach(async () => {
    errors = [];
    namespace = await TestNamespace.create();
    namespace.run("nft -f -", rulesetText());
    engine = await start();
  });

  afterEach(async () => {
    await engine.close();
    await namespace.close();
  });

  function marks(set: SetName): readonly number[] {
    return tables
      .list(set)
      .map(({ key }) => Number(key[0]) - first)
      .toSorted((a, b) => a - b);
  }

  /** As the rules do by themselves. */
  function count(set: SetName, n: number): void {
    tables.apply([{ verb: "add", set, element: { key: [first + n] } }]);
  }

  test("a reject waits for nobody: not for an endpoint that is coming, nor for the host", async () => {
    host.finds("10.0.0.1");
    const report = await engine.apply([endpoint(1), endpoint(2)], [network]);
    expect([report.coming, report.failures]).toEqual([["e2"], []]);
    const opened = Promise.withResolvers<void>();
    host.gate = opened.promise;
    const two = endpoint(2);
    const rejecting = engine.apply([endpoint(1, "not_accepted"), two], [network]);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect([host.applies, marks("gate")]).toEqual([2, [1]]);
    opened.resolve();
    expect((await rejecting).coming).toEqual(["e2"]);
  });

  test("an endpoint that is coming is not announced, and is up with the apply after the news", async () => {
    const desired = [endpoint(1)];
    const { news, coming } = await engine.apply(desired, [network]);
    expect([coming, tables.list("arp_announced"), marks("opened")]).toEqual([["e1"], [], []]);
    host.finds("10.0.0.1");
    await news;
    expect((await engine.apply(desired, [network])).coming).toBeUndefined();
    expect([marks("opened"), marks("cap"), tables.list("arp_announced").length]).toEqual([[1], [1], 1]);
  });

  test("what comes and goes leaves exactly what a successor would make", async () => {
    for (let n = 1; n <= 4; n += 1) host.finds(`10.0.0.${n}`);
    const [one, two, three] = [endpoint(1), endpoint(2), endpoint(3)];
    await engine.apply([one, two], [network]);
    await engine.apply([one, three, { ...two, maxSession: 5 }], [network]);
    await engine.apply([three, { ...two, maxSession: 6 }], [network]);
    const desired = [{ ...two, maxSession: 6, refusal: "service_closed" as const }, endpoint(4), three];
    await engine.apply(desired, [network]);
    const before = namespace.run("nft list ruleset");
    expect([marks("opened"), marks("cap"), errors]).toEqual([[2, 3, 4], [2, 3, 4], []]);
    await engine.close();
    engine = await start();
    for (let n = 1; n <= 4; n += 1) host.finds(`10.0.0.${n}`);
    await engine.apply(desired, [network]);
    expect(namespace.run("nft list ruleset")).toBe(before);
  });

  test("what the rules have counted stays with its endpoint, and goes with it", async () => {
    host.finds("10.0.0.1");
    host.finds("10.0.0.2");
    const two = endpoint(2);
    await engine.apply([endpoint(1), two], [network]);
    count("refused_session_cap", 1);
    count("refused_session_cap", 2);
    await engine.apply([two], [network]);
    expect([marks("refused_session_cap"), errors]).toEqual([[2], []]);
    count("refused_session_cap", 3);
    await engine.close();
    engine = await start();
    host.finds("10.0.0.2");
    await engine.apply([two], [network]);
    expect([marks("refused_session_cap"), errors]).toEqual([[2], []]);
  });

  test("where the kernel refuses a change, all is compared, and it is right in the end", async () => {
    host.finds("10.0.0.1");
    host.finds("10.0.0.2");
    const one = endpoint(1);
    await engine.apply([one], [network]);
    tables.apply([{ verb: "add", set: "opened", element: { key: [first + 2] } }]);
    await engine.apply([one, endpoint(2)], [network]);
    expect([errors.length, marks("opened"), marks("endpoint4").length]).toEqual([1, [1, 2], 2]);
  });
});
