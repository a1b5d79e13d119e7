import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { AccountId, EndpointId, NodeId, ProjectId, SubnetId } from "../domain/ids.ts";
import {
  anAccount,
  anEndpoint,
  aProject,
  aReport,
  aSubnet,
  endpointId,
  gatewayId,
  hexId,
  nodeId,
  noRefusals,
  projectId,
  serviceId,
  someFigures,
  uuid,
} from "../domain/test-fixtures.ts";
import { quietMs } from "../domain/conditions.ts";
import type { GatewayReport } from "../domain/report.ts";
import { compareText } from "../lib/compare-text.ts";
import type { Ipv4 } from "../lib/ipv4.ts";
import { createLogger } from "../lib/log.ts";
import { TestClock } from "../lib/test-clock.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { insertBasics } from "../store/test-basics.ts";
import { openTestStore } from "../store/test-store.ts";
import { GatewayWatch } from "./gateway-watch.ts";
import { PoolWatch } from "./pool-watch.ts";

const audit = { actor: "a", action: "b", resource: "c" };
const consumer = hexId(50) as ProjectId;
const gateway = { id: gatewayId, name: "local", tokenHash: "h", lastSeenAt: 1 };
const log = createLogger("unit", "silent");
const [up, down] = [true, false].map((healthy) => ({ serviceId, nodeId, healthy, detail: "x" }));

function refused(count: number) {
  return [someFigures({ sessions: 5, refusals: { ...noRefusals, session_cap: count } })];
}

async function start() {
  const clock = new TestClock();
  const file = join(testDirectory(), "postern.db");
  const store = await openTestStore(file, clock);
  await store.write(audit, async (tx) => {
    await insertBasics(tx);
    await tx.identity.insertAccount(anAccount({ id: hexId(51) as AccountId, name: "consumer" }));
    await tx.identity.insertProject(aProject({ id: consumer, accountId: hexId(51) as AccountId }));
    await tx.gateways.insert(gateway);
    await tx.endpoints.insert(anEndpoint({ projectId: consumer, maxSession: 100 }));
  });
  const first = { [projectId]: await store.events.latest(), [consumer]: await store.events.latest() };
  const told = async (project = projectId): Promise<readonly string[]> => {
    const events = await store.events.list(project, { after: first[project] ?? 0, kinds: [], limit: 100 });
    first[project] = events.at(-1)?.seq ?? first[project] ?? 0;
    return events.map(({ kind }) => kind);
  };
  const last = async (project = projectId) =>
    (await store.events.list(project, { after: 0, kinds: [], limit: 1_000 })).at(-1)?.data;
  const newWatch = async (): Promise<GatewayWatch> => {
    const made = new GatewayWatch(store, clock, log);
    await made.start();
    made.close();
    return made;
  };
  const watch = await newWatch();
  const report = (wish: Partial<GatewayReport> = {}, by = watch) => by.report(gateway, aReport(wish));
  const actions = (): readonly unknown[] => {
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database.prepare("select action from audit_event where actor = 'system' order by seq").all();
    database.close();
    return rows.map(({ action }) => action);
  };
  /** What the trail says of endpoints, by the side that sees it. */
  const changes = (): readonly unknown[] => {
    const database = new DatabaseSync(file, { readOnly: true });
    const rows = database
      .prepare(
        "select e.action, c.resource_id as id, c.project_id as consumer, c.owner_project_id as owner, c.before, c.after " +
          "from audit_event e join audit_change c on c.seq = e.seq where e.actor = 'system' order by e.seq",
      )
      .all();
    database.close();
    return rows;
  };
  return { clock, store, watch, newWatch, report, told, last, actions, changes };
}

test("a node that goes and comes is told of once each, with its service, and again by no later process", async () => {
  const { clock, report, told, last, newWatch, store } = await start();
  await report({ nodes: [up, down].slice(0, 1) as never });
  expect(await told()).toEqual([]);
  await report({ nodes: [down] as never });
  await report({ nodes: [down] as never });
  expect(await told()).toEqual(["node.down", "service.no_healthy_node"]);
  expect(await told(consumer)).toEqual(["service.no_healthy_node"]);
  const next = await newWatch();
  await report({ nodes: [down] as never }, next);
  expect(await told()).toEqual([]);
  clock.advance(quietMs);
  await report({ nodes: [up] as never }, next);
  expect(await told()).toEqual(["node.up", "service.healthy"]);
  expect(await told(consumer)).toEqual(["service.healthy"]);
  expect(await last(consumer)).toEqual({ service_id: serviceId, service_name: expect.any(String) as string });
  expect(store.revision).toBe(1);
});

test("an event of a node says where it is, to its owner alone", async () => {
  const { report, last } = await start();
  const other = { serviceId, nodeId: uuid(99) as NodeId, healthy: true, detail: "x" };
  await report({ nodes: [other, down] as never });
  expect(await last()).toMatchObject({ node_id: nodeId, host: "10.0.0.5", port: 9200, cluster_name: "logs" });
  expect(JSON.stringify(await last(consumer))).not.toContain("10.0.0.5");
});

test("a node that flaps is told of with a count once it is quiet, by the tick", async () => {
  const { clock, watch, report, told, last } = await start();
  for (const node of [down, up, down, up]) {
    await report({ nodes: [node] as never });
    clock.advance(1);
  }
  expect(await told()).toEqual(["node.down", "service.no_healthy_node"]);
  await watch.tick();
  expect(await told()).toEqual([]);
  clock.advance(quietMs);
  await report();
  await watch.tick();
  expect(await told()).toEqual(["node.up", "service.healthy"]);
  expect(await last()).toMatchObject({ changes: 3 });
});

test("an endpoint that fills up is told of at 80 and 100 %, to both sides, and not on its way down", async () => {
  const { clock, report, told, last } = await start();
  const levels: unknown[] = [];
  for (const sessions of [10, 80, 79, 85, 100, 95, 71, 60, 81]) {
    await report({ endpoints: [someFigures({ sessions })] });
    clock.advance(quietMs);
    levels.push([sessions, ...(await told(consumer))]);
  }
  expect(levels).toEqual([
    [10],
    [80, "cap.80"],
    [79],
    [85],
    [100, "cap.100"],
    [95],
    [71],
    [60],
    [81, "cap.80"],
  ]);
  expect(await told()).toEqual(["cap.80", "cap.100", "cap.80"]);
  expect(await last(consumer)).toMatchObject({ endpoint_id: endpointId, max_session: 100 });
});

test("connections that are refused for the cap mean that it was reached, but not those of long ago", async () => {
  const { report, told } = await start();
  await report({ endpoints: refused(7) });
  expect(await told()).toEqual([]);
  await report({ endpoints: refused(8) });
  expect(await told()).toEqual(["cap.100"]);
});

test("sessions that were cut are counted over lost reports and restarts of either process", async () => {
  const { clock, report, told, last, newWatch } = await start();
  const cut = async (pid: number, severed: number, by?: GatewayWatch) => {
    clock.advance(quietMs);
    await report({ pid, endpoints: [someFigures({ severed })] }, by);
    return [(await told(consumer)).join(), (await last(consumer))?.["sessions"]];
  };
  expect((await cut(1, 0))[0]).toBe("");
  expect(await cut(1, 3)).toEqual(["sessions.severed", 3]);
  expect((await cut(1, 3))[0]).toBe("");
  const next = await newWatch();
  expect((await cut(1, 3, next))[0]).toBe("");
  expect(await cut(1, 10, next)).toEqual(["sessions.severed", 7]);
  expect(await cut(2, 4, next)).toEqual(["sessions.severed", 4]);
  expect(await told()).toEqual([
    "sessions.severed",
    "sessions.severed",
    "gateway.takeover",
    "sessions.severed",
  ]);
});

test("a gateway that says nothing for 15 s is told of, and that it is back, and that another process took over", async () => {
  const { clock, watch, report, told, newWatch } = await start();
  await report({ pid: 1 });
  clock.advance(14_999);
  await watch.tick();
  expect(await told()).toEqual([]);
  clock.advance(1);
  await watch.tick();
  await watch.tick();
  expect(await told()).toEqual(["gateway.silent"]);
  const next = await newWatch();
  await next.tick();
  expect(await told()).toEqual([]);
  clock.advance(quietMs);
  await report({ pid: 2 }, next);
  expect(await told()).toEqual(["gateway.takeover", "gateway.back"]);
  expect(await told(consumer)).toEqual([]);
});

test("each event is in the audit trail too", async () => {
  const { clock, store, report, actions, changes } = await start();
  await report({ nodes: [down] as never });
  clock.advance(quietMs);
  await report({ pid: 9, endpoints: [someFigures({ sessions: 100, severed: 3 })] });
  expect(actions()).toEqual(["nodeOut", "noHealthyNode", "gatewayTakeover", "sessionsSevered", "capReached"]);
  // How many sessions it were is there for both sides, and the chain holds over it.
  expect(changes()).toEqual([
    {
      action: "sessionsSevered",
      id: endpointId,
      consumer,
      owner: projectId,
      before: '{"sessions_severed":0}',
      after: '{"sessions_severed":3}',
    },
  ]);
  expect(await store.audit.verify()).toMatchObject({ fault: null });
});

test("what was told of an endpoint goes with it", async () => {
  const { store, report } = await start();
  await report({ endpoints: [someFigures({ sessions: 100, severed: 1 })] });
  const keys = async () =>
    (await store.conditions.all()).map(({ key }) => key.split(" ")[0] ?? "").toSorted(compareText);
  expect(await keys()).toEqual(["cap", "pid", "severed"]);
  await report({ gone: [endpointId] });
  expect(await keys()).toEqual(["pid"]);
});

test("a pool that is nearly used up is told of once, to whose it is", async () => {
  const { clock, store, watch, told, last } = await start();
  const pools = new PoolWatch(store, watch, () => undefined);
  const small = aSubnet({ id: uuid(80) as SubnetId, name: "small", cidr: "127.80.1.0/28" });
  const fill = (from: number, to: number) =>
    store.write(audit, async (tx) => {
      if (from === 0) await tx.networks.insertSubnet(small);
      for (let n = from; n < to; n += 1)
        await tx.endpoints.insert(
          anEndpoint({
            id: uuid(200 + n) as EndpointId,
            subnetId: small.id,
            address: `127.80.1.${n + 2}` as Ipv4,
            markerId: n,
          }),
        );
    });
  // It has 13 addresses for endpoints.
  await fill(0, 11);
  await told();
  await pools.look(new Set([projectId]));
  expect(await told()).toEqual([]);
  await fill(11, 12);
  await told();
  await pools.look(new Set([consumer]));
  expect(await told()).toEqual([]);
  await pools.look();
  clock.advance(quietMs);
  await pools.look();
  expect(await told()).toEqual(["pool.almost_empty"]);
  expect(await last()).toMatchObject({ subnet_id: small.id, used: 12, cidr: small.cidr });
  expect(await told(consumer)).toEqual([]);
});
