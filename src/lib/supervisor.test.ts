import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { cannotStartStatus, Supervisor } from "./supervisor.ts";
import { testDirectory } from "./test-directory.ts";

/** Supervises a child that runs `program`, and notes what it is told. */
function supervise(program: string, ...args: string[]) {
  const pids: number[] = [];
  const messages: unknown[] = [];
  const gaveUp = Promise.withResolvers<void>();
  const supervisor = new Supervisor({
    name: "child",
    args: ["-e", program, ...args],
    onStart: (pid) => pids.push(pid),
    onMessage: (message) => messages.push(message),
    onGiveUp: () => gaveUp.resolve(),
  });
  onTestFinished(() => supervisor.stop());
  supervisor.start();
  return { supervisor, pids, messages, gaveUp: gaveUp.promise };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const idle = `process.send("up"); process.on("SIGTERM", () => process.exit(0)); setInterval(() => 0, 1000);`;

test("a child that is killed is started again", async () => {
  const { pids, messages } = supervise(idle);
  await vi.waitFor(() => expect(messages).toEqual(["up"]), 10_000);
  process.kill(pids[0] ?? 0, "SIGKILL");
  await vi.waitFor(() => expect(messages).toEqual(["up", "up"]), 10_000);
  expect(new Set(pids).size).toBe(2);
});

test("stop lets the child end by itself, and nothing starts again", async () => {
  const file = join(testDirectory(), "said");
  appendFileSync(file, "");
  const farewell = `
    process.on("SIGTERM", () => { require("node:fs").appendFileSync(process.argv[1], "bye"); process.exit(0); });
    process.send("up"); setInterval(() => 0, 1000);`;
  const { supervisor, pids, messages } = supervise(farewell, file);
  await vi.waitFor(() => expect(messages).toEqual(["up"]), 10_000);
  await supervisor.stop();
  expect(readFileSync(file, "utf8")).toBe("bye");
  expect(pids.map(isAlive)).toEqual([false]);
});

test("stop between two starts prevents the next one", async () => {
  const { supervisor, pids } = supervise("process.exit(1)");
  const isBetween = (): boolean => pids.length >= 5 && !pids.some(isAlive);
  await vi.waitFor(() => expect(isBetween()).toBe(true), { timeout: 10_000, interval: 5 });
  await supervisor.stop();
  const started = pids.length;
  // Another one that starts over more often has waited longer than the first one's next start was away.
  const clock = supervise("process.exit(1)");
  await vi.waitFor(() => expect(clock.pids.length).toBeGreaterThan(started + 1), 10_000);
  expect(pids).toHaveLength(started);
  expect(pids.some(isAlive)).toBe(false);
});

test("a child that says it cannot start is given up at once", async () => {
  const marker = join(testDirectory(), "starts");
  const { gaveUp, pids } = supervise(
    `require("node:fs").appendFileSync(process.argv[1], "x"); process.exit(${cannotStartStatus})`,
    marker,
  );
  await gaveUp;
  expect(existsSync(marker) && readFileSync(marker, "utf8")).toBe("x");
  expect(pids).toHaveLength(1);
});
