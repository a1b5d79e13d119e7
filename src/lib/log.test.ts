import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** Runs `body` with a logger in a process of its own: a logger writes to the real standard error. */
function logged(level: string, body: string): { readonly stdout: string; readonly lines: unknown[] } {
  const program = `
    const { createLogger } = await import(${JSON.stringify(import.meta.resolve("./log.ts"))});
    const log = createLogger("unit", ${JSON.stringify(level)});
    ${body}`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  const lines = stderr.split("\n").filter((line) => line !== "");
  return { stdout, lines: lines.map((line): unknown => JSON.parse(line)) };
}

test("one JSON line an event on standard error, from the level on", () => {
  const { stdout, lines } = logged("info", `log.debug("quiet"); log.info({ revision: 7 }, "applied");`);
  expect(stdout).toBe("");
  expect(lines).toEqual([expect.objectContaining({ name: "unit", revision: 7, msg: "applied" })]);
});

test("secrets are left out, at the top and in headers", () => {
  const names = ["authorization", "password", "secret", "token", "x-auth-token", "sealedPassword"];
  const event = Object.fromEntries(names.map((name) => [name, "hunter2"]));
  const { lines } = logged("info", `log.info(${JSON.stringify({ ...event, headers: event })}, "m");`);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});
