/** The kernel engine in a process of its own, in the network namespace that it was started in. See engine-orders.ts. */
import process from "node:process";
import type { DesiredEndpoint, DesiredNetwork } from "../../src/domain/desired.ts";
import type { EndpointId, ServiceId, VpcId } from "../../src/domain/ids.ts";
import { endpointEntries } from "../../src/gateway/kernel/compile.ts";
import type { HostNetwork } from "../../src/gateway/kernel/host-network.ts";
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
const maxSession = 1_000_000;
const setting = JSON.parse(process.argv[2] ?? "") as EngineSetting;
const log = {
  warn: (fields: object, message: string) => console.error(message, fields),
  error: (fields: object, message: string) => console.error(message, fields),
};
let hostNetworkMs = 0;
const networks = setting.networks.map(({ namespace, cidr }, index): DesiredNetwork => ({
  id: `vpc-${index}` as VpcId,
  number: index + 1,
  attachment: { kind: "netns", namespace },
  cidrs: [cidr],
}));
const nodes = setting.nodes.map((host) => ({ host, port: httpPort }));
const libc = await Libc.load();
const tables = new Tables(NetlinkSocket.open(libc, netlinkProtocol.netfilter));
const engine = await startKernelEngine(log, async (ownLibc) =>
  timed(await LinuxHostNetwork.open(ownLibc, log)),
);
process.on("disconnect", () => process.exit(0));
process.on("message", (order: EngineOrder) => {
  void carryOut(order).then((answer) => process.send?.(answer));
});
process.send?.("started");

async function carryOut(order: EngineOrder): Promise<EngineAnswer> {
  if (order.kind === "batch") return batch();
  const desired = Array.from({ length: order.endpoints }, (_, index) =>
    endpoint(index, index === order.rejected),
  );
  const startedAtMs = hostClockMs();
  const { failures } = await engine.apply(desired, networks);
  const ms = hostClockMs() - startedAtMs;
  return { startedAtMs, ms, partMs: hostNetworkMs, failures: failures.map(({ message }) => message) };
}

/** Those that load goes to have the ports of all loads, the many others only one. */
function endpoint(index: number, isRejected: boolean): DesiredEndpoint {
  const extra = index < setting.networks.length ? [bulkPort, sessionPort] : [];
  return {
    id: `bench-${index}` as EndpointId,
    address: addressOf(index),
    clientPorts: [httpPort, ...extra],
    maxSession,
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
  return { startedAtMs, ms: addedAtMs - startedAtMs, partMs: hostClockMs() - addedAtMs, failures: [] };
}

function timed(host: HostNetwork): HostNetwork {
  return {
    deviceOf: (network) => host.deviceOf(network),
    apply: async (wishes) => {
      const start = hostClockMs();
      const states = await host.apply(wishes);
      hostNetworkMs = hostClockMs() - start;
      return states;
    },
    close: () => host.close(),
  };
}
