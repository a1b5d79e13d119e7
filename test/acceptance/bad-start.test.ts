import { once } from "node:events";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { listenOn } from "../support/listen.ts";
import { startNode } from "../support/node.ts";
import { runCli, startPostern } from "../support/postern.ts";
import type { Postern, StartOptions } from "../support/postern.ts";
import { Service } from "../support/service.ts";

/** The status of a program that cannot start for a reason that its operator can mend. */
const cannotStart = 78;

let directory: string;
let dataDir: string;
let running: Postern[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-bad-start-"));
  dataDir = join(directory, "data");
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((postern) => postern.stop()));
  await rm(directory, { recursive: true, force: true });
});

async function start(options: StartOptions = {}): Promise<Postern> {
  const postern = await startPostern({ dataDir, ...options });
  running.push(postern);
  return postern;
}

/** Starts a system that must not start: it says nothing on standard output and has a status of its own for that. */
async function failToStart(...args: readonly string[]): Promise<string> {
  const listen = args.includes("--listen") ? [] : ["--listen", `127.0.0.1:${await freePort()}`];
  const data = args.includes("--data") ? [] : ["--data", dataDir];
  const { code, stdout, stderr } = await runCli(["up", ...data, ...listen, ...args], process.env);
  expect({ code, stdout, stderr }).toEqual({ code: cannotStart, stdout: "", stderr });
  return stderr;
}

/** One line, a whole sentence and no more, that tells why. */
const oneLine = (reason: RegExp): RegExp => new RegExp(`^postern: [^\\n]*${reason.source}[^\\n]*\\.\\n$`);

/** Starts a system, gives it something to lose, and ends it again. */
async function leaveState(): Promise<{ readonly state: unknown; readonly token: string }> {
  const node = await startNode();
  const postern = await start();
  const service = await Service.open(postern, "logs", [node]);
  const state = await service.connections();
  await postern.stop();
  await node.stop();
  return { state, token: postern.admin.token };
}

/** The state that is there when the system starts on the data once more. */
async function stateNow(): Promise<unknown> {
  const postern = await start();
  const { body } = await postern.api<{ clusters: { id: string }[] }>("GET", "/postern/v1/{pid}/clusters");
  const id = body.clusters[0]?.id ?? "";
  const connections = await postern.api("GET", `/v1.0/{pid}/clusters/${id}/vpcepservice/connections`);
  return connections.body;
}

describe("a second system", () => {
  test("on the same data is refused, and the first notices nothing", async () => {
    const first = await start();
    expect(await failToStart()).toMatch(oneLine(/already running on .*choose another data directory/));
    expect(await first.api("GET", "/postern/v1/{pid}/status")).toMatchObject({ status: 200 });
    const { server, gateway } = await first.pids();
    expect(await first.pids()).toMatchObject({ server, gateway });
  });

  test("on the same address is refused, and its data are fit for use", async () => {
    const taken = createServer();
    const port = await listenOn(taken, 0, "127.0.0.1");
    const { state } = await leaveState();
    expect(await failToStart("--listen", `127.0.0.1:${port}`)).toMatch(
      oneLine(new RegExp(`Port ${port} .*taken.*--listen`)),
    );
    taken.close();
    await once(taken, "close");
    expect(await stateNow()).toEqual(state);
  });
});

describe("--listen", () => {
  test.each([
    "nonsense",
    "",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:70000",
    "127.0.0.1:-1",
    "[::1:80",
    "a:b:80",
  ])('refuses "%s" before it touches anything', async (listen) => {
    expect(await failToStart("--listen", listen)).toMatch(oneLine(/no address to listen on.*HOST:PORT/));
    await expect(readFile(join(dataDir, "up.lock"))).rejects.toThrow("ENOENT");
  });

  test("refuses an address that this machine does not have", async () => {
    expect(await failToStart("--listen", "203.0.113.9:9700")).toMatch(oneLine(/203\.0\.113\.9:.*--listen/));
  });
});

describe("--data", () => {
  test("refuses a file", async () => {
    const file = join(directory, "file");
    await writeFile(file, "precious");
    expect(await failToStart("--data", file)).toMatch(oneLine(/data directory .*file cannot be used/));
    expect(await readFile(file, "utf8")).toBe("precious");
  });

  test("refuses a directory that cannot be written", async ({ skip }) => {
    const isRoot = process.getuid?.() === 0;
    // Permissions do not hold root back; the kernel's own file system does.
    skip(isRoot && process.platform !== "linux", "root can write everywhere on this system");
    const place = isRoot ? "/sys/postern-test" : "/postern-test";
    expect(await failToStart("--data", place)).toMatch(
      oneLine(/data directory .*postern-test cannot be used.*writable/),
    );
  });
});

const database = () => join(dataDir, "postern.db");

describe("damaged data", () => {
  test.each([
    ["is no database at all", async () => await writeFile(database(), "x".repeat(100_000))],
    ["was cut off", async () => await truncate(database(), 20_000)],
    [
      "has a page of noise in the middle",
      async () => {
        const bytes = await readFile(database());
        bytes.fill(0xa5, 4_096, 5 * 4_096);
        await writeFile(database(), bytes);
      },
    ],
  ])("a database that %s is refused and left as it is; the backup works", async (_what, damage) => {
    const { state } = await leaveState();
    const backup = await readFile(database());
    await damage();
    const damaged = await readFile(database());
    expect(await failToStart()).toMatch(oneLine(/database .*postern\.db is damaged.*backup/));
    expect((await readFile(database())).equals(damaged)).toBe(true);
    await writeFile(database(), backup);
    expect(await stateNow()).toEqual(state);
  });

  test("a lost or damaged key is refused, for a new one would lose every secret", async () => {
    const { state } = await leaveState();
    const file = join(dataDir, "secret.key");
    const key = await readFile(file);
    await rm(file);
    expect(await failToStart()).toMatch(oneLine(/key file .*secret\.key is missing/));
    await writeFile(file, "short");
    expect(await failToStart()).toMatch(oneLine(/key file .*secret\.key is damaged/));
    await writeFile(file, key);
    expect(await stateNow()).toEqual(state);
  });

  test("a damaged snapshot of the gateway is fetched anew", async () => {
    const { state } = await leaveState();
    await writeFile(join(dataDir, "gateway", "snapshot.json"), '{"format":1,"endpoi');
    expect(await stateNow()).toEqual(state);
  });
});

describe("other flags", () => {
  test("the region is fixed by the first start", async () => {
    expect(await failToStart("--region", "Not A Region")).toMatch(oneLine(/no region name/));
    const { state } = await leaveState();
    expect(await failToStart("--region", "cn-north-4")).toMatch(oneLine(/belongs to region region-1/));
    expect(await stateNow()).toEqual(state);
  });

  test.each(["0", "-1", "never", "1.5", "604801"])("an idle timeout of %s is refused", async (seconds) => {
    expect(await failToStart(`--idle-timeout=${seconds}`)).toMatch(oneLine(/no idle timeout.*1 to 604800/));
  });
});
