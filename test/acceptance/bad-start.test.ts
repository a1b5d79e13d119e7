import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failToStart, leaveState, oneLine, stateNow } from "../support/bad-start.ts";
import { listenOn } from "../support/listen.ts";
import { startPostern } from "../support/postern.ts";

let directory: string;
let dataDir: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "postern-bad-start-"));
  dataDir = join(directory, "data");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("a second system", () => {
  test("on the same data is refused, and the first notices nothing", async () => {
    const first = await startPostern({ dataDir });
    try {
      const pids = await first.pids();
      const stderr = await failToStart(dataDir);
      expect(stderr).toMatch(
        oneLine(/Another postern up is already running on .*choose another data directory/),
      );
      expect(await first.api("GET", "/postern/v1/{pid}/status")).toMatchObject({ status: 200 });
      expect(await first.pids()).toEqual(pids);
    } finally {
      await first.stop();
    }
  });

  test("on the same address is refused, and its data are fit for use", async () => {
    const taken = createServer();
    const port = await listenOn(taken, 0, "127.0.0.1");
    const state = await leaveState(dataDir);
    const stderr = await failToStart(dataDir, "--listen", `127.0.0.1:${port}`);
    expect(stderr).toMatch(oneLine(new RegExp(`Port ${port} .*taken.*--listen`)));
    taken.close();
    await once(taken, "close");
    expect(await stateNow(dataDir)).toEqual(state);
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
    const stderr = await failToStart(dataDir, "--listen", listen);
    expect(stderr).toMatch(oneLine(/no address to listen on.*HOST:PORT/));
    await expect(readFile(join(dataDir, "up.lock"))).rejects.toThrow("ENOENT");
  });

  test("refuses an address that this machine does not have", async () => {
    const stderr = await failToStart(dataDir, "--listen", "203.0.113.9:9700");
    expect(stderr).toMatch(oneLine(/203\.0\.113\.9:.*--listen/));
  });
});

describe("--data", () => {
  test("refuses a file", async () => {
    const file = join(directory, "file");
    await writeFile(file, "precious");
    expect(await failToStart(file)).toMatch(oneLine(/data directory .*file cannot be used/));
    expect(await readFile(file, "utf8")).toBe("precious");
  });

  test("refuses a directory that cannot be written", async ({ skip }) => {
    const isRoot = process.getuid?.() === 0;
    // Permissions do not hold root back; the kernel's own file system does.
    skip(isRoot && process.platform !== "linux", "root can write everywhere on this system");
    const stderr = await failToStart(isRoot ? "/sys/postern-test" : "/postern-test");
    expect(stderr).toMatch(oneLine(/data directory .*postern-test cannot be used.*writable/));
  });
});

describe("other flags", () => {
  test("a region that cannot stand in names is refused", async () => {
    expect(await failToStart(dataDir, "--region", "Not A Region")).toMatch(oneLine(/no region name/));
  });

  test.each(["0", "-1", "never", "1.5", "604801"])("an idle timeout of %s is refused", async (seconds) => {
    const stderr = await failToStart(dataDir, `--idle-timeout=${seconds}`);
    expect(stderr).toMatch(oneLine(/no idle timeout.*1 to 604800/));
  });
});
