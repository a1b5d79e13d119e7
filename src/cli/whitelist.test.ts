import { afterEach, beforeEach, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";
import type { FakeCluster } from "./fake-model.ts";

let fake: FakeApi;
let logs: FakeCluster;

beforeEach(async () => {
  fake = await FakeApi.start();
  logs = fake.model.addCluster({ name: "logs", nodes: [] });
  fake.model.open(logs.id, false);
  logs.accounts = ["a1", "b2"];
});
afterEach(() => fake.close());

function whitelist(...args: string[]): Promise<CliResult> {
  return runCli(["whitelist", ...args], { env: envOf(fake) });
}

test("shows the accounts, and changes nothing", async () => {
  const { stdout } = await whitelist();
  expect(stdout).toBe("ACCOUNT  SINCE\na1       2026-01-02T03:04:05Z\nb2       2026-01-02T03:04:05Z\n");
  expect(fake.writes()).toEqual([]);
  logs.accounts = [];
  expect((await whitelist("logs")).stdout).toContain("postern whitelist logs --add ACCOUNT");
});

test.each([
  [
    ["logs", "c3", "d4", "c3"],
    ["c3", "d4"],
  ],
  [
    ["--add", "c3", "--add", "a1"],
    ["a1", "b2", "c3"],
  ],
  [
    ["logs", "--remove", "a1", "--add", "iam:domain::c3"],
    ["b2", "c3"],
  ],
  [["--clear"], []],
  [["--everyone"], ["*"]],
])("%j makes it %j", async (args, expected) => {
  const { code } = await whitelist(...args);
  expect(code).toBe(0);
  expect(logs.accounts).toEqual(expected);
});

test("--everyone is answered with the warning", async () => {
  expect((await whitelist("--everyone")).stderr).toContain("EVERY account");
});

test("removing an account says how many of its sessions were cut", async () => {
  fake.model.addEndpoint(logs.id, "b2", "accepted").sessions = 5;
  const { stdout } = await whitelist("--remove", "b2");
  expect(stdout).toContain("The whitelist of logs is now a1.");
  expect(stdout).toContain("5 sessions were cut; the gateways have applied it.");
});

test("removing an account that is not on it is an error: a slip must not look like a revocation", async () => {
  const { code, stderr } = await whitelist("--remove", "b3", "--add", "c3");
  expect(code).toBe(1);
  expect(stderr).toContain("b3 is not on the whitelist");
  expect(logs.accounts).toEqual(["a1", "b2"]);
});

test("a concurrent change is kept: the edit starts again from the new list", async () => {
  let isFirst = true;
  fake.before = ({ method }) => {
    if (method === "POST" && isFirst) fake.model.permit(logs.id, ["a1", "b2", "z9"]);
    if (method === "POST") isFirst = false;
  };
  const { code } = await whitelist("--add", "c3");
  expect(code).toBe(0);
  expect(logs.accounts).toEqual(["a1", "b2", "z9", "c3"]);
});

test("a second concurrent change is told, not fought", async () => {
  fake.before = ({ method }) => {
    if (method === "POST") logs.version += 1;
  };
  const { code, stderr } = await whitelist("--add", "c3");
  expect(code).toBe(1);
  expect(stderr).toContain("HTTP 412");
  expect(fake.writes()).toHaveLength(2);
  expect(logs.accounts).toEqual(["a1", "b2"]);
});
