import { afterEach, beforeEach, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";

let fake: FakeApi;

beforeEach(async () => {
  fake = await FakeApi.start();
  await cli("cluster", "add", "logs", "http://10.0.0.5:9200", "http://10.0.0.6:9200", "--no-probe");
});
afterEach(() => fake.close());

function cli(...args: string[]): Promise<CliResult> {
  return runCli(args, { env: envOf(fake) });
}

test("lists nodes with their states", async () => {
  const { stdout } = await cli("node", "list", "logs");
  expect(stdout).toMatch(/^NODE +STATE +SESSIONS +NEW +BYTES IN +BYTES OUT +LAST CHECK +ID\n/);
  expect(stdout).toMatch(/http:\/\/10\.0\.0\.5:9200 +serving +2 +7 +1000 +20000 +HTTP 200 +0\n/);
  expect(stdout).toMatch(/http:\/\/10\.0\.0\.6:9200 +down +- +- +- +- /);
});

test.each([
  ["10.0.0.6:9200", "5m", 300],
  ["http://10.0.0.6:9200", "30s", 30],
  ["1", "24h", 86_400],
  ["1", "0", 0],
])("drains %s with a time limit of %s", async (node, timeout, seconds) => {
  const { stdout, code } = await cli("node", "drain", "logs", node, "--timeout", timeout);
  expect([code, fake.seen.at(-1)?.body]).toEqual([0, { timeout_seconds: seconds }]);
  expect(fake.seen.at(-1)?.path).toMatch(/\/nodes\/1\/drain$/);
  expect(stdout).toContain(`are cut after ${seconds} s`);
});

test("waits until no session is left, and says how many there are", async () => {
  fake.model.sessionsOnNode = 4;
  const { stdout, stderr, code } = await cli("node", "drain", "logs", "10.0.0.6:9200", "--wait", "--force");
  expect([code, fake.seen.find(({ path }) => path.endsWith("/drain"))?.body]).toEqual([0, { force: true }]);
  expect(stderr).toMatch(/sessions left\n.*1 session left\n/s);
  expect(stdout).toBe("http://10.0.0.6:9200 is drained: no session is left on it. You can stop it now.\n");
});

test("undrains", async () => {
  await cli("node", "drain", "logs", "10.0.0.6:9200");
  const { stdout, code } = await cli("node", "undrain", "logs", "10.0.0.6:9200");
  expect([code, fake.model.draining.size]).toEqual([0, 0]);
  expect(stdout).toContain("gets new sessions again");
});

test.each(["25h", "1d", "-1", "soon"])("a time of %s is refused", async (timeout) => {
  const { code, stderr } = await cli("node", "drain", "logs", "1", "--timeout", timeout);
  expect([code, fake.model.draining.size]).toEqual([2, 0]);
  expect(stderr).toContain("from 0s to 1d");
});

test("a node that the cluster does not have is told of with those that it has", async () => {
  const { code, stderr } = await cli("node", "drain", "logs", "10.0.0.7:9200");
  expect(code).toBe(1);
  expect(stderr).toContain("Its nodes are: http://10.0.0.5:9200, http://10.0.0.6:9200");
});
