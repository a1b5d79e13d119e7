import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpointAddress6, endpointPort, startLab, type Lab } from "../test-lab.ts";
import { missing, until, type TestPeer } from "../test-network.ts";
import { relayAddress } from "./schema.ts";
import type { Change } from "./tables.ts";

const relayPort = 4_000;
const endpoint = 1;

describe.skipIf(missing !== undefined)(
  `sessions that this host itself takes${missing ? ` (${missing})` : ""}`,
  () => {
    let lab: Lab;
    let relay: TestPeer;
    beforeAll(async () => {
      lab = await startLab();
      lab.gateway.run(`ip -6 address add ${relayAddress}/128 dev lo nodad`);
      const before = lab.tables.list("node6");
      lab.tables.apply([
        ...before.map((element): Change => ({ verb: "remove", set: "node6", element })),
        ...before.map(({ key }): Change => {
          return { verb: "add", set: "node6", element: { key, data: [relayAddress, relayPort] } };
        }),
      ]);
      relay = await lab.gateway.peer();
      await relay.listen(relayAddress, relayPort);
    });
    afterAll(() => lab.close());

    test("reach it, and its answers find back, counted both ways", async () => {
      await lab.consumer.connect(endpointAddress6, endpointPort, 20);
      await until("all are answered", () => relay.state.answered === 20);
      const counted = (set: "opened" | "bytes_in" | "bytes_out") =>
        lab.tables.countersOf(set, [endpoint]).get(endpoint) ?? { packets: 0, bytes: 0 };
      const hasMost = (set: "bytes_in" | "bytes_out"): boolean => counted(set).bytes > 20 * 60;
      await until("bytes are counted", () => hasMost("bytes_in") && hasMost("bytes_out"));
      expect(counted("opened").packets).toBe(20);
    });
  },
);
