import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DesiredEndpoint } from "../../domain/desired.ts";
import type { EndpointId } from "../../domain/ids.ts";
import { serviceId, uuid, vpcId } from "../../domain/test-fixtures.ts";
import type { FlowRecord } from "../flow-record.ts";
import { Conntrack } from "./conntrack/conntrack.ts";
import type { Flow } from "./conntrack/flow.ts";
import { Poker } from "./conntrack/poke.ts";
import { FlowEnds, type EndedFlow } from "./conntrack/flow-ends.ts";
import { EndpointNames } from "./endpoint-names.ts";
import { FlowRecorder } from "./flow-recorder.ts";
import { KernelSessions } from "./kernel-sessions.ts";
import type { NetlinkSocket } from "./netlink/netlink-socket.ts";
import { severOne } from "./sever.ts";
import {
  consumerAddress,
  endpointAddress,
  endpointAddress6,
  nodeAddress,
  startLab,
  type Lab,
} from "./test-lab.ts";
import { missing, until } from "./test-network.ts";

const flowBytes = ({ sent, received }: Flow): number => sent.bytes + received.bytes;
const secondsLeft = (flow: Flow): number => flow.secondsLeft ?? 0;
const sourcePort = ({ original }: Flow): number => original.sourcePort;
const idOf = (n: number): EndpointId => uuid(n) as EndpointId;

/** As far as names go. */
function endpoint(n: number): DesiredEndpoint {
  const kernel = { network: vpcId, service: serviceId, number: n };
  const rest = { address: endpointAddress, clientPorts: [9199 + n], maxSession: 9, refusal: null, nodes: [] };
  return { id: idOf(n), kernel, ...rest };
}

describe.skipIf(missing)(`sessions that the kernel carries (${missing ?? "root"})`, () => {
  let lab: Lab;
  let socket: NetlinkSocket;
  let conntrack: Conntrack;
  let records: FlowRecord[] = [];
  let overruns = 0;
  let said: string[] = [];
  const opened: { close: () => void }[] = [];
  const note = (_fields: object, message: string): void => void said.push(message);
  const log = { warn: note, error: note };
  const sink = {
    record: (record: FlowRecord) => void records.push(record),
    overrun: () => {
      overruns += 1;
    },
  };

  function open(...numbers: readonly number[]): KernelSessions {
    const sessions = lab.gateway.within((libc) => KernelSessions.open(libc, log, { records: sink }));
    opened.push(sessions);
    sessions.learn(numbers.map(endpoint));
    return sessions;
  }

  /** A list makes the kernel look whose time has come. */
  const recorded = (count: number) =>
    until(`there are ${count} records`, () => conntrack.list() !== undefined && records.length >= count);

  beforeEach(async () => {
    [records, overruns, said] = [[], 0, []];
    lab = await startLab({ endpoints: 3, closeTimeoutS: 1 });
    socket = lab.gateway.netfilter();
    conntrack = new Conntrack(socket);
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) one.close();
    socket.close();
    await lab.close();
  });

  test("lists the newest sessions of an endpoint, or of all, newest first, and how many there are", async () => {
    const sessions = open(1, 2);
    const before = Date.now();
    await lab.consumer.connect(endpointAddress, 9200, 40);
    await lab.consumer.connect(endpointAddress6, 9201, 1);
    await lab.consumer.connect(endpointAddress, 9200, 1);
    // Nobody knows what carries this mark.
    await lab.consumer.connect(endpointAddress, 9202, 1);
    const first = await sessions.list({ endpoints: [idOf(1)], limit: 5 });
    expect([first.total, first.sessions.length]).toEqual([41, 5]);
    const started = first.sessions.map(({ startedAt }) => startedAt ?? 0);
    expect(started).toEqual(started.toSorted((one, other) => other - one));
    expect(started[0]).toBe(Math.max(...conntrack.list(1).map(({ startedAt }) => startedAt ?? 0)));
    expect(started.at(-1)).toBeGreaterThanOrEqual(before - 1_000);
    expect(first.sessions[0]).toMatchObject({
      endpointId: idOf(1),
      source: { host: consumerAddress },
      node: { host: nodeAddress, port: 9200 },
      state: "established",
    });
    const all = sessions.list({ limit: 100 });
    const [both, none] = [await all, await sessions.list({ endpoints: [idOf(3)], limit: 100 })];
    expect([both.total, both.sessions.length, none]).toEqual([42, 42, { total: 0, sessions: [] }]);
    expect(both.sessions.filter(({ source }) => source.host === "fd00:1::2")).toHaveLength(1);
    lab.consumer.tell({ kind: "end" });
    // The kernel remembers them for a while; they are no sessions any more.
    await until("all have ended", () => conntrack.countLive().size === 0);
    expect(await sessions.list({ limit: 100 })).toEqual({ total: 0, sessions: [] });
    sessions.close();
    await expect(sessions.list({ limit: 1 })).rejects.toThrow("is ending");
  });

  test.each([
    ["bytes", 0],
    ["idle", 1],
    ["source", 1],
  ] as const)("by %s another one comes first", async (order, first) => {
    const sessions = open(1, 2);
    await lab.consumer.connect(endpointAddress, 9200, 1);
    lab.consumer.tell({ kind: "send", bytes: 100_000 });
    await until("it is there", () => (conntrack.list(1)[0]?.sent.bytes ?? 0) > 100_000);
    await lab.consumer.connect(endpointAddress, 9201, 1);
    const keyOf = { bytes: flowBytes, idle: secondsLeft, source: sourcePort }[order];
    const flows = conntrack.list().toSorted((one, other) => keyOf(one) - keyOf(other));
    const { total, sessions: listed } = await sessions.list({ limit: 1, order });
    expect(total).toBe(2);
    if (keyOf(flows[0] as Flow) === keyOf(flows[1] as Flow)) return;
    const wanted = first === 0 ? flows[1] : flows[0];
    expect(listed.map(({ source }) => source.port)).toEqual([wanted?.original.sourcePort]);
    expect(listed[0]?.clientPort).toBe(wanted?.original.destinationPort);
    expect(listed[0]?.idleMs).toBeLessThan(60_000);
  });

  test("one session is ended at both ends and no other, by IPv4 and IPv6", async () => {
    const sessions = open(1);
    await lab.consumer.connect(endpointAddress, 9200, 2);
    await lab.consumer.connect(endpointAddress6, 9200, 1);
    const poker = lab.gateway.within((libc) => Poker.open(libc));
    opened.push(poker);
    const parts = { conntrack, poker, relay: { cut: () => Promise.resolve() } };
    const flows = conntrack.list(1);
    const doomed = [...flows.slice(0, 1), ...flows.filter(({ original }) => original.source.includes(":"))];
    const counted = new Set(doomed).size;
    for (const { original, zone } of new Set(doomed)) {
      expect(await severOne(parts, 2, original, zone)).toBe(false);
      expect(await severOne(parts, 1, original, zone + 1)).toBe(false);
      expect(await severOne(parts, 1, original, zone)).toBe(true);
      expect(await severOne(parts, 1, original, zone)).toBe(false);
    }
    await until("both ends of each are reset", () =>
      [lab.consumer, lab.node].every(({ state }) => state.reset === counted),
    );
    expect((await sessions.list({ limit: 9 })).total).toBe(3 - counted);
    lab.consumer.tell({ kind: "send", bytes: 1_000 });
    await until("the others go on", () => conntrack.list(1).every(({ sent }) => sent.bytes > 1_000));
    expect([lab.consumer.state.reset, lab.node.state.reset]).toEqual([counted, counted]);
  });

  test("a session that waits for its node is opening, and one that an end is done with is closing", async () => {
    const sessions = open(1, 2);
    await lab.consumer.connect(endpointAddress, 9200, 1);
    // The node hears nothing any more.
    lab.gateway.run(`ip neigh replace ${nodeAddress} lladdr 02:00:00:00:00:01 dev servers nud permanent`);
    lab.consumer.tell({ kind: "end" });
    lab.consumer.tell({ kind: "connect", host: endpointAddress, port: 9201, count: 1 });
    await until("it has been tried", () => conntrack.list(2).length > 0);
    const { sessions: both } = await sessions.list({ limit: 9 });
    expect(both.map(({ endpointId, state }) => [endpointId, state])).toEqual([
      [idOf(2), "opening"],
      [idOf(1), "closing"],
    ]);
  });

  test("a record has what both ends have sent, and why it ended", async () => {
    const payload = 2_000_000;
    open(1, 2);
    await lab.consumer.connect(endpointAddress, 9200, 1);
    lab.consumer.tell({ kind: "send", bytes: payload });
    await until("all has arrived", () => lab.node.state.received === payload + 5);
    lab.consumer.tell({ kind: "end" });
    await recorded(1);
    await lab.consumer.connect(endpointAddress6, 9201, 2);
    lab.consumer.tell({ kind: "reset" });
    await recorded(3);
    await lab.consumer.connect(endpointAddress, 9201, 3);
    conntrack.forgetEndpoint(2);
    await recorded(6);
    expect(records.map(({ reason }) => reason)).toEqual([
      "closed",
      "reset",
      "reset",
      "severed",
      "severed",
      "severed",
    ]);
    const [closed, six] = records;
    expect(closed).toMatchObject({
      endpointId: idOf(1),
      network: vpcId,
      source: { host: consumerAddress },
      node: { host: nodeAddress, port: 9200 },
    });
    expect(six).toMatchObject({
      endpointId: idOf(2),
      source: { host: "fd00:1::2" },
      node: { host: "fd00:2::3" },
    });
    // Headers of packets, some of them of 64 KiB on a cable like this, of which few come a second time.
    const headers = (closed?.bytesIn ?? 0) - payload - 5;
    expect(headers).toBeGreaterThan(4 * 52);
    expect(headers).toBeLessThan(payload / 10);
    for (const { startedAt, endedAt } of records) {
      expect(Date.now() - (startedAt ?? 0)).toBeLessThan(60_000);
      expect(endedAt).toBeGreaterThanOrEqual(startedAt ?? Infinity);
    }
    expect([overruns, said]).toEqual([0, []]);
  });

  test("a session whose interface goes away is dropped, not severed and not idle", async () => {
    open(1);
    await lab.consumer.connect(endpointAddress, 9200, 1);
    lab.gateway.run("ip link set servers down");
    await recorded(1);
    expect(records.map(({ reason }) => reason)).toEqual(["dropped"]);
  });

  test("sessions of an endpoint that is removed are recorded under its name; closing takes what is left", async () => {
    const sessions = open(1, 2);
    await lab.consumer.connect(endpointAddress, 9200, 3);
    await lab.consumer.connect(endpointAddress, 9202, 1);
    sessions.learn([endpoint(2)]);
    conntrack.forgetEndpoint(1);
    conntrack.forgetEndpoint(3);
    sessions.close();
    expect(records.map(({ endpointId, reason }) => [endpointId, reason])).toEqual([
      [idOf(1), "severed"],
      [idOf(1), "severed"],
      [idOf(1), "severed"],
    ]);
  });

  test("sessions that began while no gateway ran are recorded by the next one", async () => {
    open(1).close();
    await lab.consumer.connect(endpointAddress, 9200, 2);
    open(1);
    conntrack.forgetEndpoint(1);
    await recorded(2);
    expect(records.map(({ reason }) => reason)).toEqual(["severed", "severed"]);
  });

  test("the kernel keeps back what has no mark, and tells where it had to drop", async () => {
    const seen: EndedFlow[] = [];
    const [ends, small] = lab.gateway.within((libc) => [FlowEnds.open(libc), FlowEnds.open(libc, 4_096)]);
    if (!ends || !small) throw new Error("There are two.");
    opened.push(ends);
    await lab.consumer.connect(endpointAddress, 9200, 100);
    // The gateway's own have no mark.
    await (await lab.gateway.peer()).connect(nodeAddress, 9200, 1);
    conntrack.forgetEndpoint(0);
    expect(ends.take(10, (flow) => seen.push(flow))).toBe("empty");
    conntrack.forgetEndpoint(1);
    expect(ends.take(60, (flow) => seen.push(flow))).toBe("more");
    expect(ends.take(60, (flow) => seen.push(flow))).toBe("empty");
    expect([seen.length, new Set(seen.map(({ mark }) => mark))]).toEqual([100, new Set([1])]);

    const names = new EndpointNames(() => 0);
    names.learn([endpoint(1)]);
    opened.push(new FlowRecorder(small, sink, names, log));
    await until("the loss is noticed", () => overruns > 0);
    await lab.consumer.connect(endpointAddress, 9200, 1);
    const before = records.length;
    conntrack.forgetEndpoint(1);
    await recorded(before + 1);
    expect([overruns, records.length]).toEqual([1, before + 1]);
    expect(before).toBeLessThan(100);
  });
});
