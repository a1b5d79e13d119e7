import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { Consumer, NetnsSystem } from "../support/netns/system.ts";
import { ok } from "../support/service.ts";
import type { Endpoint, Service } from "../support/service.ts";

const node = "10.8.0.11";

/** A line of the flow log. */
type Line = {
  readonly start: string;
  readonly end: string;
  readonly endpoint: string;
  readonly vpc: string;
  readonly source: string;
  readonly node: string;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly reason: string;
};

type Listed = {
  readonly total: number;
  readonly sessions: readonly {
    readonly endpoint: string;
    readonly source: string;
    readonly node: string;
    readonly state: string;
    readonly age_seconds: number;
    readonly bytes_in: number;
    readonly bytes_out: number;
  }[];
};

type ApiListed = {
  readonly total_count: number;
  readonly sessions: readonly {
    readonly id: string;
    readonly endpoint: string;
    readonly node: string;
    readonly state: string;
    readonly idle_seconds: number;
  }[];
};

let system: NetnsSystem;
let service: Service;
let endpoint: Endpoint;
let spared: Endpoint;
let consumer: Consumer;
let directory = "";
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  directory = await mkdtemp(join(tmpdir(), "postern-flows-"));
  const consumers = ["a", "b"].map((name) => ({ name, address: "10.0.0.50/24" }));
  const plan = { nodes: [`${node}/24`], gateway: "10.8.0.2/24", consumers };
  const cidrs = { a: "10.0.0.0/24", b: "10.0.0.0/24" };
  system = await startNetnsSystem(plan, cidrs, { args: ["--flow-log", join(directory, "flows.jsonl")] });
  service = await system.openService("logs", [node]);
  [endpoint, spared] = [await system.endpoint("a", service), await system.endpoint("b", service)];
  consumer = system.consumer("a");
  await eventually(() => consumer.client.call("get", endpoint, "/ready"));
  await eventually(() => system.consumer("b").client.call("get", spared, "/ready"));
});
afterAll(async () => {
  if (obstacle !== "") return;
  await system.stop();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

async function lines(): Promise<Line[]> {
  const text = await readFile(join(directory, "flows.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

async function listed(...args: string[]): Promise<Listed> {
  const { code, stdout, stderr } = await system.postern.cli(["gateway", "--sessions", "--json", ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Listed;
}

test("the host lists its sessions also while neither server nor gateway does a thing", async () => {
  const { admitted } = await consumer.client.call("open", endpoint, 3);
  const { admitted: others } = await system.consumer("b").client.call("open", spared, 1);
  const pids = Object.values(await system.postern.pids());
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    const all = await listed();
    expect(all.total).toBe(4);
    const { total, sessions } = await listed("--endpoint", endpoint.id, "--limit", "2");
    expect([total, sessions.length]).toEqual([3, 2]);
    for (const session of sessions) {
      expect(session).toMatchObject({ endpoint: endpoint.id, node: `${node}:9200`, state: "established" });
      expect(session.source).toMatch(/^10\.0\.0\.50:\d+$/);
      expect(session.age_seconds).toBeLessThan(60);
      expect(Math.min(session.bytes_in, session.bytes_out)).toBeGreaterThan(100);
    }
    const { stdout } = await system.postern.cli(["gateway", "--sessions", "--limit", "3"]);
    expect(stdout).toMatch(/^ENDPOINT +SOURCE +NODE +AGE +BYTES IN +BYTES OUT +STATE\n/);
    expect(stdout).toMatch(
      new RegExp(`^${spared.id} +10\\.0\\.0\\.50:\\d+ +${node}:9200 .* established$`, "m"),
    );
    expect(stdout).toContain("These are the newest 3 of 4 sessions");
    expect((await system.postern.cli(["gateway", "--sessions", "--endpoint", "none"])).stderr).toContain(
      "no endpoint none",
    );
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
  await consumer.client.call("close", admitted);
  await system.consumer("b").client.call("close", others);
  await eventually(async () => (await listed()).total === 0, { what: "the end of all sessions" });
});

test("sessions that ended are on record, those that were closed and those that a reject has cut", async () => {
  await consumer.client.call("get", endpoint, "/closed");
  const before = (await lines()).filter(({ reason }) => reason === "severed").length;
  const { admitted } = await consumer.client.call("open", endpoint, 2);
  await consumer.client.call("echo", admitted);
  const held = (await listed("--endpoint", endpoint.id)).sessions;
  ok(await service.decide("reject", endpoint.id));
  await eventually(
    async () => (await lines()).filter(({ reason }) => reason === "severed").length >= before + 2,
  );
  const severed = (await lines()).filter(({ reason }) => reason === "severed");
  expect(severed.map(({ source }) => source).toSorted()).toEqual(held.map(({ source }) => source).toSorted());
  for (const line of severed) {
    expect(line).toMatchObject({ endpoint: endpoint.id, vpc: expect.any(String), node: `${node}:9200` });
    const { bytes_in: bytesIn } = held.find(({ source }) => source === line.source) ?? { bytes_in: Infinity };
    expect(line.bytes_in).toBeGreaterThanOrEqual(bytesIn);
    expect(Date.parse(line.end)).toBeGreaterThanOrEqual(Date.parse(line.start));
    expect(Math.abs(Date.now() - Date.parse(line.end))).toBeLessThan(60_000);
  }
  // The kernel remembers closed ones for a minute, but not those of an endpoint that is rejected.
  const closed = (await lines()).filter(({ reason }) => reason === "closed");
  expect(closed.map((line) => line.endpoint)).toContain(endpoint.id);
  for (const line of closed) expect(Date.parse(line.end)).toBeGreaterThanOrEqual(Date.parse(line.start));
  expect(await readdir(directory)).toEqual(["flows.jsonl"]);
  expect((await stat(join(directory, "flows.jsonl"))).mode & 0o777).toBe(0o640);
});

test("one session is ended through the API: the node sees it, its place is free, and others go on", async () => {
  ok(await service.decide("receive", endpoint.id));
  ok(await service.setCap(endpoint.id, 2));
  const { admitted } = await consumer.client.call("open", endpoint, 3);
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}/sessions?endpoint=${endpoint.id}`;
  const list = async () => ok(await system.postern.api<ApiListed>("GET", path));
  const before = await list();
  expect(before.sessions).toHaveLength(2);
  for (const session of before.sessions) {
    expect(session).toMatchObject({ endpoint: endpoint.id, node: `${node}:9200`, state: "established" });
    expect(session.idle_seconds).toBeLessThan(60);
  }
  const [doomed, other] = before.sessions;
  const own = `/postern/v1/{pid}/endpoints/${endpoint.id}/sessions/${doomed?.id}`;
  const answer = await system.postern.api("DELETE", own);
  expect([answer.status, answer.headers.get("x-postern-severed")]).toEqual([204, "1"]);
  expect((await system.postern.api("DELETE", own)).status).toBe(404);
  expect((await list()).sessions.map(({ id }) => id)).toEqual([other?.id]);
  await eventually(async () => (await system.nodes.call("raw")).open === 1, {
    what: "the node's end to be reset",
  });
  const { admitted: next } = await consumer.client.call("open", endpoint, 1);
  expect([admitted.length, next.length]).toEqual([2, 1]);
  const fates = await consumer.client.call("fates", admitted);
  expect(fates.deaths).toEqual({ ECONNRESET: 1, alive: 1 });
  await consumer.client.call("close", [...admitted, ...next]);
  await eventually(async () => (await list()).total_count === 0, { what: "the end of all sessions" });
});
