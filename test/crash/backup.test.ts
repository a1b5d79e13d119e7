import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Chance } from "../support/chance.ts";
import { eventually } from "../support/eventually.ts";
import { executable, runCli, startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, Service } from "../support/service.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";

const endpointCount = 100;
const rounds = 12;
const seed = Math.floor(Math.random() * 2 ** 31);

/** Two installations with secrets of their own, each in a backup, and the first one running. */
let directory: string;
let node: SearchNode;
let postern: Postern;
let backups: readonly { readonly file: string; readonly revision: number; readonly key: string }[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-kill-"));
  node = await startNode();
  postern = await startPostern();
  const service = await Service.open(postern, "logs", [node]);
  const name = await service.name();
  for (let n = 0; n < endpointCount; n += 1) await createEndpoint(postern, name);
  const other = await startPostern();
  try {
    backups = [await backUp(postern, "first.tar"), await backUp(other, "second.tar")];
  } finally {
    await other.stop();
  }
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
  await rm(directory, { recursive: true, force: true });
});

async function backUp({ dataDir }: Postern, name: string) {
  const file = join(directory, name);
  const { revision } = JSON.parse(await done(["backup", file, "--json"], dataDir)) as { revision: number };
  return { file, revision, key: await readFile(join(dataDir, "secret.key"), "hex") };
}

/** Runs a command to its end. @returns what it printed */
async function done(args: readonly string[], dataDir: string): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, { ...process.env, POSTERN_DATA: dataDir });
  expect([args.join(" "), code, stderr.includes("unexpected fault")]).toEqual([args.join(" "), 0, false]);
  return stdout;
}

/**
 * Runs a command, and kills it some time after the nth change that it makes to a directory, unless it ends before.
 * @returns whether it was killed
 */
async function killed(
  args: readonly string[],
  { inside, changes, afterMs }: { inside: string; changes: number; afterMs: number },
): Promise<boolean> {
  let seen = 0;
  let timer: NodeJS.Timeout | undefined;
  const env = { ...process.env, POSTERN_DATA: postern.dataDir };
  const child = spawn(executable, args, { env, stdio: "ignore", timeout: 60_000 });
  const watcher = watch(inside, () => {
    seen += 1;
    if (seen === changes) timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
  });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearTimeout(timer);
  watcher.close();
  return signal === "SIGKILL";
}

/** A moment that is another one each time: after which change, and how long after it. */
function moment(chance: Chance, inside: string) {
  return { inside, changes: 1 + chance.below(14), afterMs: chance.below(3) * chance.below(20) };
}

test("a restore that is killed at any moment leaves the old data or the new ones, whole, and what comes next completes it", async () => {
  const chance = new Chance(seed);
  const [old, next] = backups;
  if (!old || !next) throw new Error("there are two backups");
  const [before, data] = [join(directory, "before"), join(directory, "data")];
  await done(["restore", old.file, "--data", before], before);
  let kills = 0;
  for (let round = 0; round < rounds; round += 1) {
    await rm(data, { recursive: true, force: true });
    await cp(before, data, { recursive: true });
    const at = moment(chance, data);
    if (await killed(["restore", next.file, "--data", data, "--force"], at)) kills += 1;
    const told = { seed, round, at };
    // Opens every secret with the key that is there.
    const found = JSON.parse(await done(["check", "--offline", "--json", "--data", data], data)) as object;
    const key = await readFile(join(data, "secret.key"), "hex");
    const either = [old, next].find((one) => one.key === key);
    expect({ ...told, found }).toMatchObject({ ...told, found: { revision: either?.revision } });
    const names = (await readdir(data)).filter((name) => /^restore\.pending$|postern\.db-/.test(name));
    expect({ ...told, names }).toEqual({ ...told, names: [] });
  }
  expect(kills).toBeGreaterThan(rounds / 3);
  // And such a directory starts, and has nothing of it left.
  const started = await startPostern({ dataDir: data });
  await started.stop();
  expect((await readdir(data)).filter((name) => name.startsWith(".restore"))).toEqual([]);
}, 180_000);

test("a first restore that is killed can be repeated, or was completed", async () => {
  const chance = new Chance(seed + 1);
  const [, next] = backups;
  if (!next) throw new Error("there are two backups");
  for (let round = 0; round < rounds / 2; round += 1) {
    const data = await mkdtemp(join(directory, "new-"));
    const at = moment(chance, data);
    await killed(["restore", next.file, "--data", data], at);
    const again = await runCli(["restore", next.file, "--data", data], { ...process.env });
    const told = { seed, round, at, said: again.stderr };
    const reason = again.code === 0 ? /./ : /stopped after it was decided on|is not empty/;
    expect(told).toMatchObject({ said: expect.stringMatching(reason) });
    const found = JSON.parse(await done(["check", "--offline", "--json", "--data", data], data)) as object;
    expect({ ...told, found }).toMatchObject({ ...told, found: { revision: next.revision } });
    expect(await readFile(join(data, "secret.key"), "hex")).toBe(next.key);
  }
}, 120_000);

test("a backup whose command is killed at any moment leaves the file that was there, or a new one that is whole", async () => {
  const chance = new Chance(seed + 2);
  const [, second] = backups;
  if (!second) throw new Error("there are two backups");
  const inside = await mkdtemp(join(directory, "backups-"));
  const file = join(inside, "backup.tar");
  const before = await readFile(second.file);
  let kills = 0;
  for (let round = 0; round < rounds; round += 1) {
    await cp(second.file, file);
    const at = moment(chance, inside);
    if (await killed(["backup", file, "--force"], at)) kills += 1;
    if (before.equals(await readFile(file))) continue;
    const { revision } = JSON.parse(await done(["check", file, "--json"], inside)) as { revision: number };
    expect({ seed, round, at, revision }).toEqual({ seed, round, at, revision: backups[0]?.revision });
  }
  expect(kills).toBeGreaterThan(rounds / 3);
  // What a killed one leaves is in nobody's way, and has gone after the next.
  await done(["backup", file, "--force"], postern.dataDir);
  expect(await readdir(inside)).toEqual(["backup.tar"]);
}, 120_000);

test("a server that is killed while it makes a backup leaves no backup, says so, and keeps nothing of it", async () => {
  const chance = new Chance(seed + 3);
  const { dataDir } = postern;
  const file = join(directory, "of-killed.tar");
  for (let round = 0; round < 5; round += 1) {
    const { server } = await postern.pids();
    const watcher = watch(dataDir, (_event, name) => {
      if (name?.startsWith(".backup-")) setTimeout(() => process.kill(server, "SIGKILL"), chance.below(15));
      if (name?.startsWith(".backup-")) watcher.close();
    });
    const { code, stderr } = await runCli(["backup", file, "--force"], {
      ...process.env,
      POSTERN_DATA: dataDir,
    });
    watcher.close();
    const reason = code === 0 ? /^/ : /broke off|cannot be reached|did not answer/;
    expect({ seed, round, stderr }).toMatchObject({ stderr: expect.stringMatching(reason) });
    await eventually(async () => (await postern.pids()).server !== server, { what: "the next server" });
    await eventually(async () => (await postern.api("GET", "/postern/v1/{pid}/status")).status === 200, {
      what: "the API to be back",
    });
    const left = [...(await readdir(dataDir)), ...(await readdir(directory))].filter((name) =>
      /^\.backup-|\.part$/.test(name),
    );
    expect({ seed, round, left }).toEqual({ seed, round, left: [] });
    if (code === 0) await done(["check", file], dataDir);
    await rm(file, { force: true });
  }
}, 120_000);
