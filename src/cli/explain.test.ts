import { afterEach, beforeEach, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";

let fake: FakeApi;
let id: string;
let full: string;

beforeEach(async () => {
  fake = await FakeApi.start();
  fake.model.open(fake.model.addCluster({ name: "logs", nodes: [] }).id, false);
  await cli("endpoint", "create", "logs");
  await cli("endpoint", "create", "logs");
  const [roomy, narrow] = fake.model.endpoints;
  [id, full] = [roomy?.id ?? "", narrow?.id ?? ""];
  if (narrow) narrow.maxSession = 1;
});
afterEach(() => fake.close());

function cli(...args: string[]): Promise<CliResult> {
  return runCli(args, { env: envOf(fake) });
}

test("what is admitted ends with 0 and a chain of marks", async () => {
  const { code, stdout } = await cli("explain", "--endpoint", id);
  expect(code).toBe(0);
  expect(stdout).toMatch(/✓ +network +A gateway is attached\.\n✓ +session cap +There is room\./);
});

test("what is refused ends with 1, the mark at the deciding rule, and who can turn it with which command", async () => {
  const { code, stdout, stderr } = await cli("explain", "--endpoint", full);
  expect(code).toBe(1);
  expect(stdout).toMatch(/✗ +session cap +1 of 1 in use\./);
  expect(stderr).toContain("A new connection is refused: session_cap.");
  expect(stderr).toContain(
    `The service's owner can turn that. Raise the cap.\n  postern endpoint cap ${full} 2`,
  );
});

test("asks with what was said, for programs too; an endpoint may be named by its address", async () => {
  const address = fake.model.endpoints.find((endpoint) => endpoint.id === full)?.ip ?? "";
  const asked = ["--endpoint", `${address}:9201`, "--account", "a1", "--source", "fd00::7"];
  const { code, stdout } = await cli("explain", ...asked, "--json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    endpoint: full,
    account: "a1",
    source: "fd00::7",
    port: "9201",
  });
});

test("an address that no endpoint has, and a source that is none, are refused before anything is asked", async () => {
  const nowhere = await cli("explain", "--endpoint", "127.200.0.1");
  expect([nowhere.code, nowhere.stderr]).toEqual([
    1,
    expect.stringContaining("No endpoint of this project is at"),
  ]);
  expect((await cli("explain", "--endpoint", id, "--source", "here")).code).toBe(2);
  expect((await cli("explain")).code).toBe(2);
});

test("refusals are listed of a cluster, a service or an endpoint", async () => {
  const { stdout, stderr } = await cli("refusals", "logs");
  expect(stdout).toMatch(/session_cap +10\.0\.0\.7 +3 /);
  expect(stdout).toMatch(/not_accepted +others +40 /);
  expect(stderr).toContain("These are 1 to 2 of 9. Go on with --offset 2.");
  expect(stderr).toContain("postern explain --endpoint ");
  const rule = async (...args: string[]): Promise<string> => {
    const { refusals } = JSON.parse((await cli("refusals", "--json", ...args)).stdout) as {
      refusals: { rule: string }[];
    };
    return refusals[0]?.rule ?? "";
  };
  const [cluster] = fake.model.clusters;
  expect(await rule()).toBe(`Of ${cluster?.id}.`);
  expect(await rule("--endpoint", id)).toBe(`Of ${id}.`);
});
