import { setImmediate } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import type { DesiredEndpoint, DesiredNetwork } from "../domain/desired.ts";
import type { EndpointId } from "../domain/ids.ts";
import { zeroFigures } from "../domain/report.ts";
import { serviceId, uuid, vpcId } from "../domain/test-fixtures.ts";
import { StartError } from "../lib/start-error.ts";
import { CompositeEngine } from "./composite-engine.ts";
import { FakeEngine } from "./fake-engine.ts";

const network: DesiredNetwork = {
  id: vpcId,
  number: 1,
  attachment: { kind: "interface", device: "eth1" },
  cidrs: ["10.0.0.0/24"],
};
const kernel = { network: vpcId, service: serviceId, number: 7 };
const nodes = [{ host: "10.1.0.1", port: 9200 }];

function endpoint(n: number, wish: Partial<DesiredEndpoint> = {}): DesiredEndpoint {
  const id = uuid(n) as EndpointId;
  return { id, address: `10.0.0.${n}`, clientPorts: [9200], maxSession: 9, refusal: null, nodes, ...wish };
}

const looped = endpoint(1);
const carried = endpoint(2, { kernel });

let proxy: FakeEngine;
let inKernel: FakeEngine;
let problem: Error | undefined;
let starts: number;
let warnings: object[];
let engine: CompositeEngine;

beforeEach(() => {
  proxy = new FakeEngine();
  inKernel = new FakeEngine();
  inKernel.kinds = ["kernel"];
  problem = undefined;
  starts = 0;
  warnings = [];
  const startKernelEngine = () => {
    starts += 1;
    return problem ? Promise.reject(problem) : Promise.resolve(inKernel);
  };
  engine = new CompositeEngine({
    proxy,
    startKernelEngine,
    hasPredecessor: false,
    log: { warn: (fields: object) => warnings.push(fields) },
  });
});

test("each endpoint goes to the engine of its network, and figures come from both", async () => {
  await engine.apply([carried, looped], [network]);
  expect([proxy.applied, proxy.networks]).toEqual([[[looped]], []]);
  expect([inKernel.applied, inKernel.networks]).toEqual([[[carried]], [network]]);
  inKernel.connect(carried.id);
  expect(engine.figures()).toMatchObject([
    { endpointId: looped.id, sessions: 0 },
    { endpointId: carried.id, sessions: 1 },
  ]);
  proxy.connect(looped.id);
  const refused = { refusal: "not_accepted" } as const;
  const both = [
    { ...carried, ...refused },
    { ...looped, ...refused },
  ];
  expect(await engine.apply(both, [network])).toEqual({ severedSessions: 2, failures: [] });
});

test("sessions come from both, the newest first, or from one endpoint", async () => {
  expect(await engine.sessions({ limit: 9 })).toEqual({ total: 0, sessions: [] });
  await engine.apply([carried, looped], [network]);
  inKernel.connect(carried.id);
  inKernel.connect(carried.id);
  proxy.connect(looped.id);
  const { total, sessions } = await engine.sessions({ limit: 2 });
  expect([total, sessions.map(({ startedAt }) => startedAt)]).toEqual([3, [2, 1]]);
  expect(await engine.sessions({ endpoints: [looped.id], limit: 9 })).toMatchObject({
    total: 1,
    sessions: [{ endpointId: looped.id }],
  });
});

test("a session is ended by whoever carries it", async () => {
  await engine.apply([carried, looped], [network]);
  inKernel.connect(carried.id);
  proxy.connect(looped.id);
  for (const { endpointId: id, ...session } of (await engine.sessions({ limit: 9 })).sessions) {
    expect([await engine.end(id, session), await engine.end(id, session)]).toEqual([true, false]);
  }
  expect(await engine.sessions({ limit: 9 })).toEqual({ total: 0, sessions: [] });
});

test("the kernel engine is started with the first network, once, and hears when the last has gone", async () => {
  await engine.apply([looped], []);
  expect([starts, engine.kinds]).toEqual([0, ["proxy"]]);
  await engine.apply([looped], [network]);
  await engine.apply([looped, carried], [network]);
  expect([starts, engine.kinds]).toEqual([1, ["proxy", "kernel"]]);
  inKernel.connect(carried.id);
  expect(await engine.apply([looped], [])).toEqual({ severedSessions: 1, failures: [] });
  expect(inKernel.applied.at(-1)).toEqual([]);
});

test("where it cannot start its endpoints fail with the reason, loopback goes on, and the next apply tries again", async () => {
  problem = new StartError("This takes root.");
  const message = "10.0.0.2: This takes root. See what the gateway's host lacks: postern gateway --check";
  const failures = [{ endpointId: carried.id, code: "address_unavailable", message }];
  expect(await engine.apply([looped, carried], [network])).toEqual({ severedSessions: 0, failures });
  expect(await engine.apply([looped, carried], [network])).toMatchObject({ failures });
  expect(warnings).toEqual([{ problem: "This takes root." }]);
  expect(proxy.connect(looped.id)).toBeNull();
  expect(engine.figures()).toMatchObject([{ endpointId: looped.id, sessions: 1 }, zeroFigures(carried.id)]);
  problem = undefined;
  expect(await engine.apply([looped, carried], [network])).toMatchObject({ failures: [] });
  expect(inKernel.connect(carried.id)).toBeNull();
});

test("a reason of any length fits a report", async () => {
  problem = new Error("x".repeat(5_000));
  const { failures } = await engine.apply([carried], [network]);
  expect(failures[0]?.message.length).toBeLessThanOrEqual(1_000);
});

test("an engine that fails as a whole fails the call, once the other has ended", async () => {
  await engine.apply([looped, carried], [network]);
  proxy.failures = 1;
  const release = inKernel.hold();
  let ended = false;
  const call = engine.apply([looped, carried], [network]).finally(() => {
    ended = true;
  });
  const outcome = call.catch((error: unknown) => error);
  await setImmediate();
  expect(ended).toBe(false);
  release();
  expect(await outcome).toMatchObject({ message: expect.stringContaining("on purpose") });
  expect(inKernel.applied).toHaveLength(2);
});

test("closing closes both; one that never started is no hindrance", async () => {
  const other = new CompositeEngine({
    proxy: new FakeEngine(),
    startKernelEngine: () => Promise.resolve(inKernel),
    hasPredecessor: false,
    log: { warn: () => undefined },
  });
  await other.close();
  await engine.apply([carried], [network]);
  await engine.close();
  expect([proxy.closed, inKernel.closed]).toEqual([true, true]);
});

test("what a predecessor left in the kernel is taken over also where no network is left", async () => {
  const successor = new CompositeEngine({
    proxy,
    startKernelEngine: () => Promise.resolve(inKernel),
    hasPredecessor: true,
    log: { warn: () => undefined },
  });
  await successor.apply([looped], []);
  expect([inKernel.applied, inKernel.networks]).toEqual([[[]], []]);
});
