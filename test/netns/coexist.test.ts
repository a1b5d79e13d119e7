import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { netnsObstacle } from "../support/netns/requirements.ts";
import { startNetnsSystem } from "../support/netns/system.ts";
import type { NetnsSystem } from "../support/netns/system.ts";
import { ok } from "../support/service.ts";

const node = "10.8.0.11";
/** As a firewall of the host has them, with counters that packets of nobody change. */
const foreignRules = `
table inet firewall {
  set blocked { type ipv4_addr; flags interval; elements = { 198.51.100.0/24 }; }
  chain input { type filter hook input priority 10; policy accept; ip saddr @blocked counter drop; };
}
table ip postern_of_somebody_else { chain keep { ip daddr 203.0.113.9 counter drop; }; }
`;

let system: NetnsSystem;
let obstacle = "";
beforeAll(async () => {
  obstacle = await netnsObstacle();
  if (obstacle !== "") return;
  const consumers = [{ name: "a", address: "10.0.0.50/24" }];
  const plan = { nodes: [`${node}/24`], gateway: "10.8.0.2/24", consumers };
  system = await startNetnsSystem(plan, { a: "10.0.0.0/24" });
});
afterAll(async () => {
  if (obstacle === "") await system.stop();
});
beforeEach(({ skip }) => skip(obstacle !== "", obstacle));

/** Every table of the host but Postern's, as nft prints it. */
async function foreignTables(): Promise<string> {
  const { gateway } = system.topology;
  const tables = (await gateway.run("nft", ["list", "tables"])).trim().split("\n");
  const foreign = tables.filter((line) => !/^table (inet|arp) postern$/.test(line));
  const listed: string[] = [];
  for (const line of foreign) listed.push(await gateway.run("nft", ["list", ...line.split(" ")]));
  // iptables counts whatever comes by.
  return listed.join("").replaceAll(/counter packets \d+ bytes \d+/g, "counter");
}

test("other programs' tables are the same bytes before, during and after", async () => {
  const { gateway } = system.topology;
  await gateway.run("nft", ["-f", "-"], foreignRules);
  // As Docker leaves them, without counting, and with a way through for what is ours.
  await gateway.run("iptables-nft", ["-N", "DOCKER-USER"]);
  await gateway.run("iptables-nft", ["-A", "FORWARD", "-j", "DOCKER-USER"]);
  await gateway.run("iptables-nft", ["-A", "DOCKER-USER", "-s", "198.51.100.0/24", "-j", "DROP"]);
  const before = await foreignTables();
  expect(before).toContain("DOCKER-USER");
  expect(before).toContain("postern_of_somebody_else");

  const service = await system.openService("logs", [node]);
  const endpoint = await system.endpoint("a", service);
  const { client } = system.consumer("a");
  await eventually(() => client.call("get", endpoint, "/ready"), { what: "the endpoint to answer" });
  expect(await foreignTables()).toBe(before);
  ok(await service.decide("reject", endpoint.id));
  expect(await foreignTables()).toBe(before);
  const { gateway: pid } = await system.postern.pids();
  process.kill(pid, "SIGKILL");
  await eventually(async () => (await system.postern.pids()).gateway !== pid, { what: "a new gateway" });
  ok(await service.decide("receive", endpoint.id));
  await eventually(() => client.call("get", endpoint, "/again"));
  ok(await service.close());
  await system.postern.stop();
  expect(await foreignTables()).toBe(before);
});
