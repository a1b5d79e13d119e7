import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { cannotStartStatus } from "../lib/supervisor.ts";
import { testDirectory } from "../lib/test-directory.ts";
import { isProcessCommand } from "./commands.ts";
import { dataPaths } from "./paths.ts";

const program = fileURLToPath(import.meta.resolve("../main.ts"));

/** Runs the program until it ends by itself. */
function run(...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { timeout: 15_000, killSignal: "SIGKILL" as const, env: {} };
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

/** What a process says that cannot start: one line, no stack. */
function oneLine(text: RegExp): unknown {
  return {
    status: cannotStartStatus,
    stdout: "",
    stderr: expect.stringMatching(new RegExp(`^postern: ${text.source}\\n$`)),
  };
}

test.each([
  [["up"], true],
  [["server", "--data", "x"], true],
  [["gateway"], true],
  [["up", "--help"], false],
  [["server", "-h"], false],
  [["connections"], false],
  [["--version"], false],
  [[], false],
])("%j starts a process: %s", (args, expected) => {
  expect(isProcessCommand(args)).toBe(expected);
});

test("a backup changes nothing, so it has no --dry-run that could be mistaken for it", async () => {
  const file = `${testDirectory()}/backup.tar`;
  const { status, stderr } = await run("backup", file, "--dry-run");
  expect([status, existsSync(file)]).toEqual([2, false]);
  expect(stderr).toContain("unknown option '--dry-run'");
});

describe("a process that cannot start says why in one line", () => {
  test.each(["up", "server"])("%s on what is no address", async (command) => {
    const directory = testDirectory();
    expect(await run(command, "--data", directory, "--listen", "nonsense")).toEqual(
      oneLine(/"nonsense" is no address to listen on\. .*/),
    );
  });

  test.each(["0", "x", "604801", "1.5"])("up with the idle timeout %s", async (timeout) => {
    expect(await run("up", "--data", testDirectory(), "--idle-timeout", timeout)).toEqual(
      oneLine(/".*" is no idle timeout\. .*/),
    );
  });

  test.each([
    [["--dns-ttl", "0"], /"0" is no time to keep answers for\. .*/],
    [["--dns-ttl", "3601"], /"3601" is no time to keep answers for\. .*/],
    [["--dns-port", "0"], /"0" is no port for private names\. .*/],
    [["--dns-port", "65536"], /"65536" is no port for private names\. .*/],
    [["--flow-log-mib", "0"], /"0" is no size of a flow log in MiB\. .*/],
    [["--flow-log-files", "x"], /"x" is no number of flow log files\. .*/],
  ])("up with %j", async (args, text) => {
    expect(await run("up", "--data", testDirectory(), ...args)).toEqual(oneLine(text));
  });

  test.each(["0", "x", "1.5", "1000000001"])("up with %s flows a network", async (flows) => {
    expect(await run("up", "--data", testDirectory(), "--flows-per-network", flows)).toEqual(
      oneLine(/".*" is no number of flows\. .*/),
    );
  });

  test("gateway with a flow log in no directory", async () => {
    const directory = testDirectory();
    expect(await run("gateway", "--data", directory, "--flow-log", `${directory}/none/flows.jsonl`)).toEqual(
      oneLine(/The file .*\/none\/flows\.jsonl cannot be written: .* Name one in a directory that exists .*/),
    );
  });

  test("gateway that is to list sessions without a snapshot, or too many", async () => {
    const directory = testDirectory();
    expect(await run("gateway", "--data", directory, "--sessions")).toEqual(
      oneLine(
        /The gateway's last snapshot .* cannot be read: there is none\. Name the gateway's data directory .*/,
      ),
    );
    expect(await run("gateway", "--data", directory, "--sessions", "--limit", "100001")).toEqual(
      oneLine(/"100001" is no limit\. .*/),
    );
  });

  test("server on a port that is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expect(await run("server", "--data", testDirectory(), "--listen", `127.0.0.1:${port}`)).toEqual(
      oneLine(/Port \d+ on 127\.0\.0\.1 is taken by another program\. .*/),
    );
  });

  test("server on a damaged database", async () => {
    const { root, database, secretKey } = dataPaths(testDirectory());
    writeFileSync(secretKey, Buffer.alloc(32));
    writeFileSync(database, "no database ".repeat(100));
    expect(await run("server", "--data", root, "--listen", "127.0.0.1:0")).toEqual(
      oneLine(/The database .* is damaged .*/),
    );
  });

  test("server with a region that is none", async () => {
    const args = ["--listen", "127.0.0.1:0", "--region", "No Region"];
    expect(await run("server", "--data", testDirectory(), ...args)).toEqual(
      oneLine(/"No Region" is no region name\. .*/),
    );
  });
});
