import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  endpointAddress,
  endpointAddress6,
  nodeAddress,
  consumerAddress,
  startLab,
  type Lab,
} from "../test-lab.ts";
import { missing, until } from "../test-network.ts";
import type { NetlinkSocket } from "../netlink/netlink-socket.ts";
import { Conntrack } from "./conntrack.ts";
import { isLive } from "./flow.ts";
import { Poker } from "./poke.ts";
import { readPoke, type Poke } from "./segment.ts";

describe.skipIf(missing)(`connection tracking (${missing ?? "root"})`, () => {
  let lab: Lab;
  let socket: NetlinkSocket;
  let conntrack: Conntrack;
  let poker: Poker;

  beforeAll(async () => {
    lab = await startLab({ endpoints: 3 });
    socket = lab.gateway.netfilter();
    conntrack = new Conntrack(socket);
    poker = lab.gateway.within((libc) => Poker.open(libc));
  });

  afterAll(async () => {
    poker.close();
    socket.close();
    await lab.close();
  });

  const live = (number?: number) => conntrack.list(number).filter(isLive);
  const pokesOf = (number: number): readonly Poke[] => {
    const pokes: (Poke | undefined)[] = [];
    conntrack.each(number, (attributes) => pokes.push(readPoke(attributes)));
    return pokes.filter((poke) => poke !== undefined);
  };

  test("lists the flows of an endpoint as both ends see them, with what they carried", async () => {
    const before = Date.now();
    await lab.consumer.connect(endpointAddress, 9200, 1);
    await lab.consumer.connect(endpointAddress, 9201, 2);
    expect(live(1)).toEqual([
      {
        original: {
          source: consumerAddress,
          destination: endpointAddress,
          sourcePort: expect.any(Number) as number,
          destinationPort: 9200,
        },
        reply: {
          source: nodeAddress,
          destination: "10.0.1.1",
          sourcePort: 9200,
          destinationPort: expect.any(Number) as number,
        },
        mark: 1,
        zone: 1,
        tcpState: 3,
        sent: { packets: expect.any(Number) as number, bytes: expect.any(Number) as number },
        received: { packets: expect.any(Number) as number, bytes: expect.any(Number) as number },
        startedAt: expect.any(Number) as number,
        secondsLeft: expect.any(Number) as number,
      },
    ]);
    const [flow] = live(1);
    expect(flow?.sent.bytes).toBeGreaterThan(3 * 40);
    expect(flow?.received.bytes).toBeGreaterThan(2 * 40);
    expect(flow?.startedAt).toBeGreaterThanOrEqual(before - 1_000);
    expect(live(2)).toHaveLength(2);
    expect(live()).toHaveLength(3);
  });

  test("forgets one flow and no other; one that is gone is no error", () => {
    const [flow, other] = live(2);
    if (!flow) throw new Error("There is a flow.");
    conntrack.forget({ ...flow, zone: 2 });
    expect(live(2)).toHaveLength(2);
    conntrack.forget(flow);
    conntrack.forget(flow);
    expect(live(2)).toEqual([other]);
  });

  test("forgets the flows of one endpoint, and a poke makes both ends see a reset", async () => {
    await lab.consumer.connect(endpointAddress, 9202, 20);
    await lab.consumer.connect(endpointAddress6, 9202, 20);
    const flows = live(3);
    expect(flows).toHaveLength(40);
    const others = live(2).length + live(1).length;
    const pokes = pokesOf(3);
    conntrack.forgetEndpoint(3);
    expect(conntrack.list(3)).toEqual([]);
    expect(live()).toHaveLength(others);
    poker.poke(pokes);
    await until("both ends are reset", () => lab.consumer.state.reset >= 40 && lab.node.state.reset >= 40);
    // Of the one flow that was forgotten above, without a poke, an end may find out by itself.
    for (const { reset } of [lab.consumer.state, lab.node.state]) expect([40, 41]).toContain(reset);
    expect(live()).toHaveLength(others);
  });

  test("a poke leaves a flow that is still there alone", async () => {
    expect(live(1)).toHaveLength(1);
    const resets = [lab.consumer.state.reset, lab.node.state.reset];
    poker.poke(pokesOf(1));
    await lab.consumer.connect(endpointAddress, 9200, 1);
    expect(live(1)).toHaveLength(2);
    expect([lab.consumer.state.reset, lab.node.state.reset]).toEqual(resets);
  });
});
