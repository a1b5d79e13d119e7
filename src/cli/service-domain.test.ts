import { afterEach, beforeEach, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";

const name = "logs.example.com";
let fake: FakeApi;

beforeEach(async () => {
  fake = await FakeApi.start();
  fake.model.open(fake.model.addCluster({ name: "logs", nodes: [] }).id, false);
});
afterEach(() => fake.close());

function domain(...args: string[]): Promise<CliResult> {
  return runCli(["service", "domain", ...args], { env: envOf(fake) });
}

test("a name is added with its record, verified once that is there, listed and deleted", async () => {
  const added = await domain("add", "logs", name);
  expect(added.stdout).toContain("_postern.logs.example.com");
  expect(added.stdout).toContain("postern-verification=abc");
  expect(added.stderr).toContain(`postern service domain verify logs ${name}`);
  const failed = await domain("verify", "logs", name);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("There is no TXT record _postern.logs.example.com");
  fake.model.proven.add(name);
  expect((await domain("verify", "logs", name)).stdout).toContain("is verified");
  expect((await domain("list", "logs")).stdout).toMatch(/logs\.example\.com +verified/);
  const [service] = fake.model.clusters;
  expect(JSON.parse((await domain("list", service?.id ?? "", "--json")).stdout)).toMatchObject({
    domains: [{ name, status: "verified" }],
    total_count: 1,
  });
  expect((await domain("delete", "logs", name)).code).toBe(0);
  expect((await domain("list", "logs")).stdout).toContain("no name of your own");
});

test("a name that is not there, and a service that is closed, are told", async () => {
  expect((await domain("verify", "logs", name)).stderr).toContain(`There is no domain "${name}"`);
  fake.model.addCluster({ name: "closed", nodes: [] });
  expect((await domain("list", "closed")).stderr).toContain("postern open closed");
});
