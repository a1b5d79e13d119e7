import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testDirectory } from "../lib/test-directory.ts";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";

const listing = {
  connections: [
    { id: "c-1", domain_id: "a1", vpcepIp: "10.0.0.5", status: "accepted" },
    { id: "c-2", domain_id: "a2", vpcepIp: "10.0.0.6", status: "rejected" },
  ],
  total_count: 2,
  vpcServiceName: "cn-north-4.logs.x",
  permissions: [{ id: "p-1", permission: "iam:domain::a1" }],
};

let fake: FakeApi;
let directory: string;

beforeEach(async () => {
  fake = await FakeApi.start();
  fake.model.addCluster({ name: "logs", nodes: [] });
  directory = testDirectory();
});
afterEach(() => fake.close());

function saved(name: string, content: object | string): string {
  const file = join(directory, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

function run(args: readonly string[], typed = ""): Promise<CliResult> {
  return runCli(["import", "logs", ...args], { env: envOf(fake), typed });
}

/** The body of the one write. */
function sent(): unknown {
  const writes = fake.seen.filter(({ method }) => method !== "GET");
  expect(writes).toHaveLength(1);
  return writes[0]?.body;
}

test("a saved listing is sent as it is, and what was made is shown", async () => {
  const { code, stdout, stderr } = await run([saved("listing.json", listing)]);
  expect([code, sent()]).toEqual([0, { listing, create_missing: false }]);
  expect(stdout).toMatch(/^CONNECTION +STATUS +ADDRESS +ACCOUNT\nc-1 +accepted +10\.0\.0\.5 +a1\n/);
  expect(stdout).toMatch(/^Service +cn-north-4\.logs\.x$/m);
  expect(stdout).toMatch(/^Connections +2$/m);
  expect(stdout).toMatch(/^Whitelist +iam:domain::a1$/m);
  expect(stdout).toMatch(/^Accounts made +-$/m);
  expect(stderr).toContain("nothing is carried yet");
  expect(stderr).toContain("postern connections logs");
});

test("--create-missing is passed on, and shows what it made", async () => {
  const { stdout } = await run(["--create-missing", saved("listing.json", listing)]);
  expect(sent()).toMatchObject({ create_missing: true });
  expect(stdout).toMatch(/^Accounts made +imported-a1$/m);
  expect(stdout).toMatch(/^Networks made +imported \(10\.0\.0\.0\/24\)$/m);
});

test("pages are put together in their order, standard input among them", async () => {
  const [first, second] = listing.connections;
  const page = saved("page-1.json", { ...listing, connections: [first] });
  const { code } = await run([page, "-"], JSON.stringify({ ...listing, connections: [second] }));
  expect([code, sent()]).toEqual([0, { listing, create_missing: false }]);
});

test("obstacles are a table with what to do, and an error", async () => {
  fake.model.missingAccount = "a2";
  const file = saved("listing.json", listing);
  const { code, stdout, stderr } = await run([file]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^WHAT +ID +IN THE WAY +WHAT TO DO\nconnection +c-2 +no account a2 +make it\n/);
  expect(stdout).toMatch(/^service +cn-north-4\.logs\.x +/m);
  expect(stdout).toMatch(/^permission +p-1 +/m);
  expect(stderr).toContain("CSS.5090");
  expect(stderr).toContain("import again");
  const json = await run([file, "--json"]);
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    obstacles: [{ connection: "c-2", fix: "make it" }, {}, {}],
  });
});

test("other refusals are told as always", async () => {
  fake.before = ({ method }) => {
    if (method === "POST") fake.model.removeCluster(fake.model.clusters[0]?.id ?? "");
  };
  const { code, stderr } = await run([saved("listing.json", listing)]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("CSS.0015")]);
});

test("--json prints the answer, --dry-run changes nothing", async () => {
  const file = saved("listing.json", listing);
  expect(JSON.parse((await run([file, "--json"])).stdout)).toMatchObject({
    service: { name: "cn-north-4.logs.x" },
  });
  expect((await run([file, "--dry-run"])).stdout).toContain("Nothing was changed.");
});

describe("refused before anything is sent:", () => {
  const many = Array.from({ length: 1_001 }, () => ({}));
  const large = [{ text: "x".repeat(1024 * 1024) }];
  test.each([
    ["{", "is no JSON"],
    ["[]", "is no JSON object"],
    [{ connections: {} }, 'has no list "connections"'],
    [{ ...listing, connections: many }, "1001 connections"],
    [{ ...listing, connections: large }, "1 MiB"],
    [" ".repeat(5 * 1024 * 1024), "larger than 4 MiB"],
  ])("a file, %#", async (content, reason) => {
    const { code, stderr } = await run([saved("listing.json", content)]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
    expect(fake.seen).toEqual([]);
  });

  test("a file that is not there, and a page of another listing", async () => {
    const gone = await run([join(directory, "gone.json")]);
    expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining("ENOENT")]);
    const page = saved("a.json", listing);
    const other = saved("b.json", { ...listing, vpcServiceName: "other" });
    const { code, stderr } = await run([page, other]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`${other} is no page of the same listing`)]);
    expect(fake.seen).toEqual([]);
  });
});
