import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CliError } from "./cli-error.ts";
import { findTarget } from "./target.ts";

const admin = { endpoint: "http://127.0.0.1:9700/", token: "secret-token", project_id: "p1" };
const remote = {
  POSTERN_ENDPOINT: "https://far.example",
  POSTERN_TOKEN: "far-token",
  POSTERN_PROJECT_ID: "p2",
};
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "postern-target-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(text: string): void {
  writeFileSync(join(dir, "admin.json"), text);
}

function refusal(data: string | undefined, env: Record<string, string>): CliError {
  try {
    findTarget(data, env);
  } catch (error) {
    if (error instanceof CliError) return error;
  }
  throw new Error("nothing was refused");
}

test("POSTERN_DATA names the directory of admin.json", () => {
  write(JSON.stringify(admin));
  expect(findTarget(undefined, { POSTERN_DATA: dir })).toEqual({
    endpoint: "http://127.0.0.1:9700",
    token: "secret-token",
    projectId: "p1",
    source: join(dir, "admin.json"),
    dataDir: dir,
  });
});

test("the environment of a remote server wins over POSTERN_DATA, and --data over both", () => {
  write(JSON.stringify(admin));
  const env = { ...remote, POSTERN_DATA: dir };
  expect(findTarget(undefined, env)).toMatchObject({
    endpoint: "https://far.example",
    token: "far-token",
    dataDir: null,
  });
  expect(findTarget(dir, env).token).toBe("secret-token");
});

test("a remote server needs all three variables: no token goes to an endpoint that it was not found with", () => {
  write(JSON.stringify(admin));
  const error = refusal(undefined, { POSTERN_ENDPOINT: "http://elsewhere", POSTERN_DATA: dir });
  expect(error.message).toContain("POSTERN_TOKEN and POSTERN_PROJECT_ID");
  expect(error.exitCode).toBe(2);
});

test("a missing file says how to start", () => {
  const error = refusal(dir, {});
  expect(error.message).toContain(join(dir, "admin.json"));
  expect(error.nextStep).toContain(`postern up --data ${dir}`);
});

test.each([
  ["no JSON", '{"token":"secret-token",'],
  ["no object", "[]"],
  ["no token", JSON.stringify({ ...admin, token: undefined })],
  ["a token with a line break", JSON.stringify({ ...admin, token: "secret-token\r\nx: y" })],
  ["no project", JSON.stringify({ ...admin, project_id: "../x" })],
  ["a file: endpoint", JSON.stringify({ ...admin, endpoint: "file:///etc/passwd" })],
  ["an endpoint with a password", JSON.stringify({ ...admin, endpoint: "http://u:secret-token@h" })],
  ["too much", JSON.stringify({ ...admin, pad: "x".repeat(70_000) })],
])("a file with %s is called damaged, and none of it is shown", (_name, text) => {
  write(text);
  const error = refusal(dir, {});
  expect(error.message).toContain(join(dir, "admin.json"));
  expect(error.message + error.nextStep).not.toContain("secret-token");
});
