import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isAlive } from "./alive.ts";
import { eventually } from "./eventually.ts";
import { GuardedProcess, runGuarded } from "./guarded-process.ts";

const endless = "trap '' TERM; sleep 600 & echo $$ $!; wait; wait";

function pidsIn(text: string): number[] {
  return text.split(/\s+/).filter(Boolean).map(Number);
}

test("ends a stubborn command with its children and removes what belonged to it", async () => {
  const directory = await mkdtemp(join(tmpdir(), "postern-guard-"));
  const running = new GuardedProcess("sh", ["-c", endless], { graceMs: 100, remove: [directory] });
  await eventually(() => running.stdout.endsWith("\n"));
  const pids = pidsIn(running.stdout);
  expect(pids.map(isAlive)).toEqual([true, true]);
  await running.stop();
  expect(running.exitCode).toBe(137);
  await eventually(() => !pids.some(isAlive), { what: "the end of the whole group" });
  expect(existsSync(directory)).toBe(false);
});

test("kills a command with its children at once when it is told to", async () => {
  const running = new GuardedProcess("sh", ["-c", endless]);
  await eventually(() => running.stdout.endsWith("\n"));
  const pids = pidsIn(running.stdout);
  await running.kill();
  expect(running.exitCode).toBe(137);
  await eventually(() => !pids.some(isAlive), { what: "the end of the whole group" });
});

test("does not let a command outlive an asker that is killed", async () => {
  const program = `
    import { GuardedProcess } from ${JSON.stringify(new URL("guarded-process.ts", import.meta.url).href)};
    const running = new GuardedProcess("sh", ["-c", ${JSON.stringify(endless)}], { graceMs: 100 });
    setInterval(() => process.stdout.write(running.stdout.endsWith("\\n") ? running.stdout : ""), 20);`;
  const asker = spawn(process.execPath, ["--input-type=module", "--eval", program]);
  const [first]: unknown[] = await once(asker.stdout, "data");
  const pids = pidsIn(String(first).split("\n")[0] ?? "");
  expect(pids.map(isAlive)).toEqual([true, true]);
  asker.kill("SIGKILL");
  await eventually(() => !pids.some(isAlive), { what: "the end of the orphans" });
});

test("says in its error what a failed command printed last", async () => {
  const failing = runGuarded("sh", ["-c", "echo all is lost >&2; exit 3"], { timeoutMs: 10_000 });
  await expect(failing).rejects.toThrow("sh ended with code 3. Its last lines:\nall is lost");
});

test("gives up on a command that takes too long", async () => {
  await expect(runGuarded("sleep", ["600"], { timeoutMs: 50 })).rejects.toThrow("did not end within 0.05 s");
});

test("reports a command that cannot be run", async () => {
  await expect(runGuarded("no-such-command", [], { timeoutMs: 10_000 })).rejects.toThrow("no-such-command");
});
