/** The kernel engine in a process of its own, in the network namespace that it was started in. See engine-orders.ts. */
import process from "node:process";
import type { DesiredEndpoint, DesiredNetwork } from "../../src/domain/desired.ts";
import type { EndpointId, ServiceId, VpcId } from "../../src/domain/ids.ts";
import { endpointEntries } from "../../src/gateway/kernel/compile.ts";
import { Libc } from "../../src/gateway/kernel/libc.ts";
import { netlinkProtocol, NetlinkSocket } from "../../src/gateway/kernel/netlink/netlink-socket.ts";
import { LinuxHostNetwork } from "../../src/gateway/kernel/network/linux-host-network.ts";
import { Tables, type Change } from "../../src/gateway/kernel/nft/tables.ts";
import { startKernelEngine } from "../../src/gateway/kernel/start.ts";
import { bulkPort, httpPort } from "../proxy/contenders.ts";
import {
  firstEndpointAddress,
  hostClockMs,
  type EngineAnswer,
  type EngineOrder,
  type EngineSetting,
} from "./engine-orders.ts";
import { sessionPort } from "./session-orders.ts";

const firstNumber = 16_777_217;
/** Of those that load goes to, and of the many others, which are basic ones. */
const [maxSession, basicMaxSession] = [1_000_000, 3_000];
const setting = JSON.parse(process.argv[2] ?? "") as EngineSetting;
const log = {
  warn: (fields: object, message: string) => console.error(message, fields),
  error: (fields: object, message: string) => console.error(message, fields),
};
const endpoints: DesiredEndpoint[] = [];
const networks = setting.networks.map(({ namespace, cidr }, index): DesiredNetwork => ({
  id: `vpc-${index}` as VpcId,
  number: index + 1,
  attachment: { kind: "netns", namespace },
  cidrs: [cidr],
}));
const nodes = setting.nodes.map((host) => ({ host, port: httpPort }));
const libc = await Libc.load();
const tables = new Tables(NetlinkSocket.open(libc, netlinkProtocol.netfilter));
const engine = await startKernelEngine(log, (ownLibc) => LinuxHostNetwork.open(ownLibc, log));
process.on("disconnect", () => process.exit(0));
process.on("message", (order: EngineOrder) => {
  void carryOut(order).then((answer) => process.send?.(answer));
});
process.send?.("started");

async function carryOut(order: EngineOrder): Promise<EngineAnswer> {
  if (order.kind === "batch") return batch();
  const desired = Array.from({ length: order.endpoints }, (_, index) =>
    index === order.rejected ? endpoint(index, true) : known(index),
  );
  const startedAtMs = hostClockMs();
  let report = await engine.apply(desired, networks);
  const ms = hostClockMs() - startedAtMs;
  let bringUpMs = 0;
  // As the agent does: what is being found out comes with a further apply.
  while (report.coming && report.news) {
    await report.news;
    const cameAtMs = hostClockMs();
    report = await engine.apply(desired, networks);
    bringUpMs += hostClockMs() - cameAtMs;
  }
  return {
    startedAtMs,
    ms,
    partMs: bringUpMs,
    wholeMs: hostClockMs() - startedAtMs,
    rssBytes: process.memoryUsage.rss(),
    failures: report.failures.map(({ message }) => message),
  };
}

/** The same object each time, as the agent has it of an endpoint that has not changed. */
function known(index: number): DesiredEndpoint {
  const found = endpoints[index] ?? endpoint(index, false);
  endpoints[index] = found;
  return found;
}

/** Those that load goes to have the ports of all loads, the many others only one. */
function endpoint(index: number, isRejected: boolean): DesiredEndpoint {
  const extra = index < setting.networks.length ? [bulkPort, sessionPort] : [];
  return {
    id: `bench-${index}` as EndpointId,
    address: addressOf(index),
    clientPorts: [httpPort, ...extra],
    maxSession: index < setting.networks.length ? maxSession : basicMaxSession,
    refusal: isRejected ? "not_accepted" : null,
    nodes,
    serverPorts: extra.map((port) => ({ clientPort: port, serverPort: port })),
    kernel: {
      network: `vpc-${index % networks.length}` as VpcId,
      service: `service-${index % networks.length}` as ServiceId,
      number: firstNumber + index,
    },
  };
}

/** The same in each VPC. */
function addressOf(index: number): string {
  const first = firstEndpointAddress.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const value = first + Math.floor(index / networks.length);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}

function batch(): EngineAnswer {
  const entries = endpointEntries({
    number: firstNumber - 1,
    network: 1,
    device: "pn1",
    addresses: ["10.67.0.1"],
    ports: [{ port: httpPort, group: 1 }],
    refusal: null,
    hasNodes: true,
  });
  const changes = (verb: Change["verb"]): Change[] => entries.map((entry) => ({ verb, ...entry }));
  const startedAtMs = hostClockMs();
  tables.apply(changes("add"));
  const addedAtMs = hostClockMs();
  tables.apply(changes("remove"));
  const removedAtMs = hostClockMs();
  return {
    startedAtMs,
    ms: addedAtMs - startedAtMs,
    partMs: removedAtMs - addedAtMs,
    wholeMs: removedAtMs - startedAtMs,
    rssBytes: process.memoryUsage.rss(),
    failures: [],
  };
}
