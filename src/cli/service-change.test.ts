import { afterEach, beforeEach, expect, test } from "vitest";
import { envOf, runCli, type CliResult } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";

let fake: FakeApi;

beforeEach(async () => {
  fake = await FakeApi.start();
  await cli("cluster", "add", "logs", "http://10.0.0.5:9200", "--no-probe", "--open");
});
afterEach(() => fake.close());

function cli(...args: string[]): Promise<CliResult> {
  return runCli(args, { env: envOf(fake) });
}

test("changes what is named, and says what the service is like now", async () => {
  const { code, stdout } = await cli("service", "change", "logs", "--approval", "on", "--dns", "off");
  expect([code, fake.seen.at(-1)?.body]).toEqual([0, { dns: false, approval_enabled: true }]);
  expect(stdout).toMatch(/^The endpoint service of logs is changed\.\n/);
  expect(stdout).toMatch(/Approval +on/);
  await cli("service", "change", "logs", "--professional", "on", "--dual-stack");
  expect(fake.seen.at(-1)?.body).toEqual({ professional: true, dual_stack: true });
});

test("nothing, and what is neither on nor off, is refused with what to do", async () => {
  const nothing = await cli("service", "change", "logs");
  expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining("--help")]);
  const wrong = await cli("service", "change", "logs", "--dns", "yes");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("on or off")]);
});
