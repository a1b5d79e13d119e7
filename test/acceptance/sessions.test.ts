import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode, type SearchNode } from "../support/node.ts";
import { startPostern, type Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service, type Endpoint } from "../support/service.ts";
import { openSession } from "../support/session.ts";
import { createTenant, type Tenant } from "../support/tenant.ts";

type Listed = {
  readonly sessions: readonly {
    readonly id: string;
    readonly endpoint: string;
    readonly source: string;
    readonly node?: string;
    readonly state: string;
    readonly age_seconds: number;
    readonly idle_seconds: number;
    readonly bytes_in: number;
    readonly bytes_out: number;
  }[];
  readonly total_count: number;
};

let postern: Postern;
let node: SearchNode;
let service: Service;
let serviceId = "";
let own: Endpoint;
let guest: Tenant;
let theirs: Endpoint;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
  own = await service.ownEndpoint();
  guest = await createTenant(postern, "guest");
  ok(await service.whitelist(guest.admin.account_id));
  const name = await service.name();
  serviceId = name.split(".").at(-1) ?? "";
  theirs = await createEndpoint(guest, name);
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

const list = async (path: string, caller: Pick<Tenant, "api"> = postern): Promise<Listed> =>
  ok(await caller.api<Listed>("GET", `/postern/v1/{pid}/${path}`));

test("the owner sees who is connected with which node, the consumer himself without nodes", async () => {
  const sessions = [await openSession(own), await openSession(theirs)];
  const cluster = await list(`clusters/${service.clusterId}/sessions`);
  expect(cluster).toEqual({
    sessions: [theirs, own].map(({ id }) => ({
      id: expect.stringMatching(/^127\.\d+\.\d+\.\d+:\d+-\d+$/),
      endpoint: id,
      source: expect.stringMatching(/^127\.\d+\.\d+\.\d+:\d+$/),
      node: new URL(node.url).host,
      state: "established",
      started_at: expect.stringMatching(/Z$/),
      age_seconds: expect.any(Number),
      idle_seconds: expect.any(Number),
      bytes_in: expect.any(Number),
      bytes_out: expect.any(Number),
    })),
    total_count: 2,
    returned_count: 2,
  });
  expect((await list(`services/${serviceId}/sessions?endpoint=${own.id}`)).total_count).toBe(1);
  const [seen] = (await list(`endpoints/${theirs.id}/sessions`, guest)).sessions;
  expect(seen).toMatchObject({ endpoint: theirs.id });
  expect(seen).not.toHaveProperty("node");
  expect((await guest.api("GET", `/postern/v1/{pid}/endpoints/${own.id}/sessions`)).status).toBe(404);
  for (const session of sessions) session.close();
  await eventually(async () => (await list(`services/${serviceId}/sessions`)).total_count === 0);
});

test("either side ends one session: both ends see it at once, and others live", async () => {
  const spared = await openSession(theirs);
  const known = new Set<string>();
  const news = async (): Promise<string> => {
    const { sessions } = await list(`endpoints/${theirs.id}/sessions`, guest);
    const fresh = sessions.map(({ id }) => id).filter((id) => !known.has(id));
    for (const id of fresh) known.add(id);
    return fresh.join();
  };
  await news();
  const first = await openSession(theirs);
  const firstId = await news();
  const second = await openSession(theirs);
  const secondId = await news();
  const byOwner = `/postern/v1/{pid}/services/${serviceId}/sessions/${firstId}?endpoint=${theirs.id}`;
  const answer = await postern.api("DELETE", byOwner);
  expect([answer.status, answer.headers.get("x-postern-severed")]).toEqual([204, "1"]);
  expect((await postern.api("DELETE", byOwner)).status).toBe(404);
  await eventually(() => first.death);
  const byGuest = `/postern/v1/{pid}/endpoints/${theirs.id}/sessions/${secondId}`;
  expect((await guest.api("DELETE", byGuest)).status).toBe(204);
  await eventually(() => second.death);
  await eventually(() => node.raw.open === 1, { what: "the nodes' ends of both to be cut" });
  await spared.echo();
  spared.close();
});

test("the command line lists, ends, and shows one table where there is no terminal", async () => {
  const session = await openSession(own);
  const { stdout } = await postern.cli(["sessions", "logs"]);
  const id = /127\.\S+-\d+/.exec(stdout)?.[0] ?? "";
  expect(stdout).toMatch(/^ENDPOINT +SESSION +NODE +AGE +IDLE/);
  const killed = await postern.cli(["kill", own.id, id]);
  expect(killed).toMatchObject({ code: 0, stdout: expect.stringContaining("1 session was cut") });
  await eventually(() => session.death);
  const top = await postern.cli(["top"]);
  expect(top).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ENDPOINT +ADDRESS/), stderr: "" });
});

test("while the gateway is away the answer says so, and in time", async () => {
  const { gateway } = await postern.pids();
  process.kill(gateway, "SIGSTOP");
  try {
    const answer = await postern.api<{ error_msg: string }>(
      "GET",
      `/postern/v1/{pid}/services/${serviceId}/sessions`,
    );
    expect([answer.status, answer.body.error_msg]).toEqual([503, expect.stringMatching(/gateway \S+: it/)]);
  } finally {
    process.kill(gateway, "SIGCONT");
  }
  await eventually(async () => (await list(`services/${serviceId}/sessions`)).total_count === 0);
});
