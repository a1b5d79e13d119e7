import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Conntrack } from "./conntrack/conntrack.ts";
import { CrowdWatch } from "./crowd-watch.ts";
import { vpcMark } from "./nft/schema.ts";
import { endpointAddress, endpointPort, startLab, type Lab } from "./test-lab.ts";
import { missing, until } from "./test-network.ts";

const most = 40;
const crowded = [{ key: [vpcMark | 1] }];

describe.skipIf(missing)(`the watch over networks' flows (${missing ?? "root"})`, () => {
  let lab: Lab;
  let socket: ReturnType<Lab["gateway"]["netfilter"]>;
  let watch: CrowdWatch | undefined;
  let said: object[] = [];

  const start = (): void => {
    const log = {
      warn: (fields: object) => void said.push(fields),
      error: (fields: object) => void said.push(fields),
    };
    const conntrack = new Conntrack(socket);
    watch = CrowdWatch.start({ tables: lab.tables, conntrack, flowsPerNetwork: most, log });
  };
  const isCrowded = (): boolean => lab.tables.list("crowded").length > 0;

  beforeEach(async () => {
    said = [];
    lab = await startLab({ closeTimeoutS: 1 });
    socket = lab.gateway.netfilter();
  });

  afterEach(async () => {
    watch?.close();
    socket.close();
    await lab.close();
  });

  test("a network with more flows than its share is refused new ones until it has fewer; what lives goes on", async () => {
    start();
    await lab.consumer.connect(endpointAddress, endpointPort, most + 10);
    await until("the network is crowded", isCrowded);
    expect(lab.tables.list("crowded")).toEqual(crowded);
    expect(said).toEqual([{ network: 1, device: "vpc", flows: most + 10 }]);
    lab.consumer.tell({ kind: "connect", host: endpointAddress, port: endpointPort, count: 5 });
    await until("new sessions are refused", () => lab.consumer.state.refused === 5);
    expect(lab.consumer.state.reset).toBe(0);
    lab.consumer.tell({ kind: "reset" });
    await until("the network is admitted", () => !isCrowded());
    await lab.consumer.connect(endpointAddress, endpointPort, 1);
  });

  test("what an earlier process refused is admitted where there is no reason any more", async () => {
    lab.tables.apply([{ verb: "add", set: "crowded", element: { key: [vpcMark | 1] } }]);
    start();
    await until("the network is admitted", () => !isCrowded());
    expect(said).toEqual([]);
  });

  test("what somebody took away is refused again", async () => {
    start();
    await lab.consumer.connect(endpointAddress, endpointPort, most + 10);
    await until("the network is crowded", isCrowded);
    lab.tables.apply([{ verb: "remove", set: "crowded", element: { key: [vpcMark | 1] } }]);
    await until("the network is crowded again", isCrowded);
    expect(said).toHaveLength(1);
  });
});
