import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { executable, runCli } from "../support/postern.ts";
import type { CliResult } from "../support/postern.ts";
import type { Endpoint } from "../support/service.ts";

const node = "10.8.0.11";
const cannotStart = 78;
const sessions = 20;
/** What other programs have: two firewalls that drop what they do not know, a route and a rule. */
const strictRules = `table inet strict {
  chain passing { type filter hook forward priority 5; policy drop; ct state invalid drop; };
}`;
const dockerRules = [
  ["-P", "FORWARD", "DROP"],
  ["-N", "DOCKER-USER"],
  ["-A", "FORWARD", "-j", "DOCKER-USER"],
];

type Check = { readonly name: string; readonly ok: boolean; readonly fix?: string };

let dataDir = "";
let system: NetnsSystem;
let endpoint: Endpoint;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  dataDir = await mkdtemp(join(tmpdir(), "postern-host-"));
  const consumers = [{ name: "a", address: "10.0.0.50/24" }];
  const plan = { nodes: [`${node}/24`], gateway: "10.8.0.2/24", consumers };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24" }, { dataDir });
  const { gateway } = system.topology;
  await gateway.run("nft", ["-f", "-"], strictRules);
  for (const args of dockerRules) await gateway.run("iptables-nft", args);
  await gateway.ip("route add 198.51.100.0/24 via 10.8.0.11 table 77 proto 99");
  await gateway.ip("rule add pref 77 from 198.51.100.7 lookup 77");
  endpoint = await system.endpoint("a", await system.openService("logs", [node]));
});
afterAll(async () => {
  if (obstacle !== "") return;
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

function gatewayCommand(...args: readonly string[]): Promise<CliResult> {
  return runCli(["gateway", "--data", dataDir, ...args], process.env, system.topology.gateway.prefix);
}

async function firewallChecks(): Promise<readonly Check[]> {
  const { checks }: { checks: readonly Check[] } = JSON.parse(
    (await gatewayCommand("--check", "--json")).stdout,
  );
  return checks.filter(({ name }) => name.startsWith("table "));
}

/** Everything of others: tables without their counters, rules, routes and settings. */
async function foreign(): Promise<string> {
  const { gateway } = system.topology;
  const tables = (await gateway.run("nft", ["list", "tables"])).trim().split("\n");
  const listed: string[] = [];
  for (const line of tables.filter((table) => !table.endsWith(" postern")))
    listed.push(await gateway.run("nft", ["list", ...line.split(" ")]));
  for (const line of ["rule", "-6 rule", "route show table all proto 99", "route show table main"])
    listed.push(await gateway.ip(line));
  return listed.join("").replaceAll(/counter packets \d+ bytes \d+/g, "counter");
}

test("firewalls that drop forwarded packets are named, and the lines that are given let Postern through", async () => {
  const { client } = system.consumer("a");
  const found = await firewallChecks();
  expect(found.map(({ name, ok }) => [name, ok])).toEqual([
    ["table inet strict, chain passing", false],
    ["table ip filter, chain FORWARD", false],
  ]);
  const get = (): Promise<string> => client.call("get", endpoint, "/through");
  expect(await client.call("probe", endpoint, 1_500)).toBe("silence");
  for (const { fix = "" } of found) {
    await system.topology.gateway.run("sh", [
      "-c",
      fix.replace("sudo ", "").replace("iptables", "iptables-nft"),
    ]);
  }
  await eventually(get, { what: "the endpoint to answer" });
  expect((await firewallChecks()).map(({ ok }) => ok)).toEqual([true, true]);
});

test("nothing is taken out while a gateway runs, nor without a yes", async () => {
  expect(await gatewayCommand("--remove", "--yes")).toMatchObject({
    code: cannotStart,
    stderr: expect.stringMatching(/Another Postern gateway is already running .* Stop it first/),
  });
  const elsewhere = await runCli(
    ["gateway", "--data", join(dataDir, "other"), "--remove", "--yes"],
    process.env,
    system.topology.gateway.prefix,
  );
  expect(elsewhere).toMatchObject({
    code: cannotStart,
    stderr: expect.stringContaining("Another gateway process"),
  });
  await system.consumer("a").client.call("get", endpoint, "/still");
});

test("a second gateway does not run on one data directory", async () => {
  const second = await system.topology.gateway.run(executable, ["gateway", "--data", dataDir]).catch(String);
  expect(second).toContain("Another Postern gateway is already running");
});

test("everything of Postern's is taken out, sessions end at both ends, and nothing of others changes", async () => {
  const { gateway } = system.topology;
  const { client } = system.consumer("a");
  const { admitted } = await client.call("open", endpoint, sessions);
  expect(admitted).toHaveLength(sessions);
  process.kill((await system.postern.pids()).up, "SIGTERM");
  await system.postern.exited;
  await client.call("echo", admitted);
  const before = await foreign();

  const unasked = await gatewayCommand("--remove");
  expect(unasked).toMatchObject({
    code: cannotStart,
    stderr: expect.stringContaining("Repeat it with --yes"),
  });
  await client.call("echo", admitted);

  const removed = await gatewayCommand("--remove", "--yes");
  expect(removed).toMatchObject({ code: 0, stderr: "" });
  expect(removed.stdout).toContain("removed: table inet postern\nremoved: table arp postern\n");
  expect(removed.stdout).toContain("taken down: vpc-a\n");
  expect(removed.stdout).toContain(`sessions ended: ${sessions}\n`);
  const dead = { deaths: { ECONNRESET: sessions }, marks: 0 };
  await eventually(async () => expect(await client.call("fates", admitted)).toEqual(dead));
  await eventually(async () => expect(await system.nodes.call("fates", admitted)).toEqual(dead));

  const after = await foreign();
  expect(after).toContain("chain passing");
  expect(after).not.toMatch(/fwmark|unreachable|lookup 9999/);
  expect(after).toMatch(/^0:\s+from all lookup local$/m);
  expect(await gateway.ip("route show table all proto 80")).toBe("");
  expect(withoutPostern(after)).toBe(withoutPostern(before));
  expect(await gatewayCommand("--remove", "--yes")).toMatchObject({
    code: 0,
    stdout: "There is nothing of Postern's in the kernel of this host.\n",
  });
});

/** Without the rules of Postern's, and the place of the kernel's own rule. */
function withoutPostern(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "" && !/fwmark|unreachable|lookup (local|9999)/.test(line))
    .join("\n");
}
