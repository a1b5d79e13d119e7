import { afterEach, beforeEach, expect, test } from "vitest";
import { Readable } from "node:stream";
import { envOf, runCli } from "./cli-harness.ts";
import { printPlan } from "./dry-run.ts";
import { FakeApi } from "./fake-api.ts";
import { Output } from "./output.ts";

let fake: FakeApi;
let id: string;

beforeEach(async () => {
  fake = await FakeApi.start();
  const logs = fake.model.addCluster({ name: "logs", nodes: [] });
  fake.model.open(logs.id, true);
  const [endpoint] = fake.model.endpoints;
  if (endpoint) endpoint.sessions = 7;
  id = endpoint?.id ?? "";
});
afterEach(() => fake.close());

test("--dry-run shows what a reject would do, and rejects nothing", async () => {
  const { code, stdout } = await runCli(["reject", id, "--dry-run"], { env: envOf(fake) });
  expect(code).toBe(0);
  expect(stdout).toContain("Nothing was changed.");
  expect(stdout).toMatch(new RegExp(`^${id}  cut +7 +${fake.model.accountId}$`, "m"));
  expect(stdout).toMatch(/^Sessions cut +7$/m);
  expect(fake.model.endpoints[0]?.status).toBe("accepted");
});

test("--json prints the plan as the API gives it", async () => {
  const { stdout } = await runCli(["close", "logs", "--dry-run", "--json"], { env: envOf(fake) });
  expect(JSON.parse(stdout)).toMatchObject({
    dry_run: true,
    sessions_cut: 7,
    accounts_losing_access: [fake.model.accountId],
  });
});

test("a plan that has no exact number says the range", () => {
  let stdout = "";
  const write = (text: string): unknown => (stdout += text);
  const io = { stdin: Readable.from([]), stdout: { write }, stderr: { write } };
  const out = new Output({ ...io, isTerminal: false, env: {}, version: "1" }, false);
  const one = { id, account_id: "a", effect: "narrowed", sessions: 0, up_to: 7 };
  printPlan(out, { endpoints: [one], sessions_cut: 0, sessions_cut_up_to: 7, accounts_losing_access: [] });
  expect(stdout).toMatch(/narrowed +0 to 7 [\s\S]*Sessions cut +0 to 7\n/);
});

test("a server that made the change all the same is told on", async () => {
  fake.knowsDryRuns = false;
  const { code, stderr } = await runCli(["reject", id, "--dry-run"], { env: envOf(fake) });
  expect(code).toBe(1);
  expect(stderr).toContain("has made the change");
});
