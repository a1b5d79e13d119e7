import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { runCli, startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";

let directory: string;
let postern: Postern;
let node: SearchNode;
let service: Service;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-backup-"));
  node = await startNode();
  postern = await startPostern();
  service = await Service.open(postern, "logs", [node]);
});
afterEach(async () => {
  await postern.stop();
  await node.stop();
  await rm(directory, { recursive: true, force: true });
});

const file = (name: string): string => join(directory, name);
const environment = { ...process.env };

async function cli(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, { ...environment, POSTERN_DATA: postern.dataDir });
  expect([args.join(" "), code, stderr.includes("unexpected fault")]).toEqual([args.join(" "), 0, false]);
  return stdout;
}

async function revisionOf(from: Postern): Promise<number> {
  return ok(await from.api<{ revision: number }>("GET", "/postern/v1/{pid}/status")).revision;
}

async function ask(from: Postern, headers: Record<string, string>): Promise<number> {
  return (await from.api("GET", "/postern/v1/{pid}/status", undefined, headers)).status;
}

type Told = { readonly description: string };

/** The numbers that writer after writer has put into the descriptions of endpoints, by writer, in order. */
async function written(from: Postern): Promise<Map<string, number[]>> {
  const path = "/postern/v1/{pid}/endpoints?limit=1000";
  const { endpoints } = ok(await from.api<{ endpoints: Told[] }>("GET", path));
  const marks = endpoints
    .map(({ description }) => description.split(":"))
    .filter((mark) => mark.length === 2);
  const byWriter = Map.groupBy(marks, ([writer]) => writer ?? "");
  return new Map(
    [...byWriter].map(([writer, own]) => [
      writer,
      own.map(([, number]) => Number(number)).toSorted((a, b) => a - b),
    ]),
  );
}

test("a backup under load, restored elsewhere, is a state that existed: sound, and it carries traffic", async () => {
  const name = await service.name();
  const over = new AbortController();
  const acknowledged = new Map<string, number>();
  const write = async (writer: string): Promise<void> => {
    for (let number = 0; !over.signal.aborted; number += 1) {
      const body = { service: name, description: `${writer}:${number}` };
      ok(await postern.api("POST", "/postern/v1/{pid}/endpoints", body));
      acknowledged.set(writer, number);
    }
  };
  const writers = ["a", "b", "c"].map(write);
  const least: Map<string, number>[] = [];
  const most: Map<string, number>[] = [];
  try {
    for (const backup of ["1.tar", "2.tar", "3.tar"]) {
      const before = acknowledged.get("a") ?? -1;
      await eventually(() => (acknowledged.get("a") ?? -1) > before + 2, { timeoutMs: 30_000 });
      least.push(new Map(acknowledged));
      await cli("backup", file(backup));
      most.push(new Map(acknowledged));
    }
  } finally {
    over.abort();
    await Promise.all(writers);
  }
  for (const [index, backup] of ["1.tar", "2.tar", "3.tar"].entries()) {
    await cli("check", file(backup));
    await cli("restore", file(backup), "--data", file(`data${index}`));
  }
  await postern.stop();
  for (const index of [0, 1, 2]) {
    const restored = await startPostern({ dataDir: file(`data${index}`) });
    try {
      const found = await written(restored);
      for (const writer of ["a", "b", "c"]) {
        const numbers = found.get(writer) ?? [];
        // Every write in its turn and none left out: a prefix, of what was acknowledged before it at least.
        expect(numbers).toEqual(numbers.map((_number, place) => place));
        expect(numbers.length).toBeGreaterThan(least[index]?.get(writer) ?? 0);
        // One write of each may have been under way when the backup ended.
        expect(numbers.length).toBeLessThanOrEqual((most[index]?.get(writer) ?? 0) + 2);
      }
      expect((await restored.cli(["check"])).code).toBe(0);
      await expectSearch(restored, name);
      const body = { service: name, description: "after" };
      const made = await restored.api("POST", "/postern/v1/{pid}/endpoints", body);
      expect([made.status, made.headers.get("x-postern-enforced")]).toEqual([200, "true"]);
    } finally {
      await restored.stop();
    }
  }
});

/** A search through the first endpoint of the service. */
async function expectSearch(from: Postern, name: string): Promise<void> {
  const path = "/postern/v1/{pid}/endpoints?limit=1000";
  type Listed = {
    readonly ip: string;
    readonly port: number;
    readonly service_name: string;
    readonly status: string;
  };
  const { endpoints } = ok(await from.api<{ endpoints: Listed[] }>("GET", path));
  const endpoint = endpoints.find((one) => one.service_name === name && one.status === "accepted");
  await eventually(async () => (await fetch(`http://${endpoint?.ip}:${endpoint?.port}/`)).ok, {
    what: "a search through the restored endpoint",
  });
}

test("a gateway that had later revisions follows the restored ones, and Enforced waits for it", async () => {
  const { connections: before } = await service.connections();
  const [first] = before;
  await cli("backup", file("n.tar"));
  const backedUp = await revisionOf(postern);
  const name = await service.name();
  for (let n = 0; n < 5; n += 1) {
    const made = await postern.api("POST", "/postern/v1/{pid}/endpoints", { service: name });
    expect(made.headers.get("x-postern-enforced")).toBe("true");
  }
  expect(await revisionOf(postern)).toBe(backedUp + 5);
  const { dataDir } = postern;
  const listen = new URL(postern.endpoint).host;
  const snapshot = await readFile(join(dataDir, "gateway", "snapshot.json"));
  const credentials = await readFile(join(dataDir, "gateway", "credentials.json"));
  await postern.stop();
  const data = file("data");
  await cli("restore", file("n.tar"), "--data", data);
  // The gateway of before, with all that it knew.
  await mkdir(join(data, "gateway"), { mode: 0o700 });
  await writeFile(join(data, "gateway", "snapshot.json"), snapshot);
  await writeFile(join(data, "gateway", "credentials.json"), credentials);
  const restored = await startPostern({ dataDir: data, listen });
  try {
    const path = `/v1.0/{pid}/clusters/${service.clusterId}/vpcepservice/connections`;
    const answer = await restored.api("POST", path, { action: "reject", endpoint_id_list: [first?.id] });
    expect([answer.status, answer.headers.get("x-postern-enforced")]).toEqual([200, "true"]);
    expect(await revisionOf(restored)).toBe(backedUp + 1);
    const inForce = JSON.parse(await readFile(join(data, "gateway", "snapshot.json"), "utf8")) as {
      readonly revision: number;
      readonly lineage: string;
      readonly endpoints: readonly { readonly id: string; readonly refusal: string | null }[];
    };
    expect(inForce).toMatchObject({
      revision: backedUp + 1,
      endpoints: [{ id: first?.id, refusal: "not_accepted" }],
    });
    expect(inForce.lineage).not.toBe((JSON.parse(snapshot.toString()) as { lineage: string }).lineage);
  } finally {
    await restored.stop();
  }
});

test("tokens of before are good after a restore where they were handed out, and not where somebody signed in", async () => {
  const { user, password, project_id: id } = postern.admin;
  const identity = {
    methods: ["password"],
    password: { user: { name: user, password, domain: { name: "postern" } } },
  };
  const signIn = { auth: { identity, scope: { project: { id } } } };
  const signedIn = await postern.api("POST", "/v3/auth/tokens", signIn);
  const token = signedIn.headers.get("x-subject-token") ?? "";
  expect(await ask(postern, { "X-Auth-Token": token })).toBe(200);
  await cli("backup", file("t.tar"));
  await postern.stop();
  await cli("restore", file("t.tar"), "--data", file("data"));
  const restored = await startPostern({ dataDir: file("data") });
  try {
    expect([await ask(restored, {}), await ask(restored, { "X-Auth-Token": token })]).toEqual([200, 401]);
    const database = new DatabaseSync(join(file("data"), "postern.db"), { readOnly: true });
    // That one gateway has followed another is told whenever it is noticed.
    const others = "select action from audit_event where action <> 'gatewayTakeover'";
    const actions = database.prepare(`${others} order by seq desc limit 2`).all();
    database.close();
    // The directory was new: the gateway of this machine has got credentials of its own there.
    expect(actions).toEqual([{ action: "replaceGatewayToken" }, { action: "restoreBackup" }]);
  } finally {
    await restored.stop();
  }
});

test("without a server: a backup is taken and checked, and what is wrong is told, with exit status 1", async () => {
  const { dataDir } = postern;
  const running = await runCli(["backup", file("o.tar"), "--offline", "--data", dataDir], environment);
  expect([running.code, running.stderr]).toEqual([1, expect.stringContaining("Another Postern server")]);
  await cli("backup", file("o.tar"));
  await cli("restore", file("o.tar"), "--data", file("data"));
  await runCli(["backup", file("p.tar"), "--offline", "--data", file("data")], environment);
  const database = new DatabaseSync(join(file("data"), "postern.db"));
  database.exec("update endpoint set address = '127.1.1.1'");
  database.close();
  const found = await runCli(["check", "--offline", "--data", file("data")], environment);
  expect([found.code, found.stdout]).toEqual([
    1,
    expect.stringMatching(/endpoint\/.*: Its address 127\.1\.1\.1/),
  ]);
  await runCli(["backup", file("broken.tar"), "--offline", "--data", file("data")], environment);
  const refused = await runCli(["restore", file("broken.tar"), "--data", file("data2")], environment);
  expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining("127.1.1.1")]);
  const forced = ["restore", file("broken.tar"), "--data", file("data2"), "--despite-findings"];
  expect((await runCli(forced, environment)).code).toBe(0);
  expect((await runCli(["check", file("p.tar")], environment)).code).toBe(0);
});
