import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
});
afterEach(() => fake.close());

function cli(...args: string[]): Promise<CliResult> {
  return runCli(args, { env: envOf(fake) });
}

describe("endpoint", () => {
  test("create names the VPC and subnet by their ids, and prints the address", async () => {
    const { code, stdout } = await cli(
      "endpoint",
      "create",
      "logs",
      "--vpc",
      "default",
      "--subnet",
      "default",
      "--ip",
      "127.1.0.9",
      "--max-session",
      "50",
    );
    expect(code).toBe(0);
    expect(stdout).toContain("127.1.0.3:9200");
    const [vpc] = fake.model.vpcs;
    expect(fake.seen.at(-1)?.body).toEqual({
      service: "logs",
      vpc_id: vpc?.id,
      subnet_id: `${vpc?.id.slice(0, -1)}0`,
      ip: "127.1.0.9",
      max_session: 50,
    });
  });

  test("create --dual-stack asks for both addresses, and every list shows them", async () => {
    const { stdout } = await cli("endpoint", "create", "logs", "--dual-stack", "--ip6", "fd00:1::3");
    expect(fake.seen.at(-1)?.body).toEqual({ service: "logs", dual_stack: true, ip6: "fd00:1::3" });
    expect(stdout).toContain("127.1.0.3:9200 [fd00:1::3]:9200");
    expect((await cli("endpoint", "list")).stdout).toContain("127.1.0.3:9200 [fd00:1::3]:9200");
    expect((await cli("connections", "logs")).stdout).toContain("127.1.0.3 fd00:1::3");
  });

  test("create --json prints the object; one that waits says for whom", async () => {
    logs.approval = true;
    const { stdout, stderr } = await cli("endpoint", "create", "logs", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ status: "pendingAcceptance", max_session: 3_000 });
    expect(stderr).toContain(`postern accept ${fake.model.endpoints[0]?.id}`);
  });

  test("create ends with 1 where the address could not be brought up", async () => {
    fake.model.nextFailure = { code: "address_unavailable", message: "127.1.0.3 is not on this machine" };
    const { code, stderr } = await cli("endpoint", "create", "logs");
    expect(code).toBe(1);
    expect(stderr).toContain("127.1.0.3 is not on this machine (address_unavailable)");
  });

  test("list reads every page", async () => {
    for (let count = 0; count < 1_001; count += 1)
      fake.model.addEndpoint(logs.id, fake.model.accountId, "accepted");
    const { stdout } = await cli("endpoint", "list");
    expect(stdout.trimEnd().split("\n")).toHaveLength(1 + 1_002);
    fake.model.endpoints.length = 0;
    expect((await cli("endpoint", "list")).stdout).toContain("postern endpoint create SERVICE_NAME");
  });

  test("cap lets sessions finish, delete says how many it cut", async () => {
    const endpoint = fake.model.addEndpoint(logs.id, fake.model.accountId, "accepted");
    endpoint.sessions = 10;
    const capped = await cli("endpoint", "cap", endpoint.id, "9");
    expect(capped.stdout).toContain("may now hold 9 sessions; those above that may finish.");
    const rated = await cli("endpoint", "cap", endpoint.id, "9", "--rate", "50", "--bandwidth", "2000000");
    expect(rated.stdout).toMatch(/at most 50 new sessions a second\.\n.*at most 2000000 bytes a second/);
    expect((await cli("endpoint", "cap", endpoint.id, "9", "--rate", "none")).stdout).not.toContain(" 50 ");
    expect(endpoint).toMatchObject({ maxConnectionRate: null, maxBandwidth: 2_000_000 });
    expect((await cli("endpoint", "cap", endpoint.id, "9", "--rate", "0")).code).toBe(2);
    const deleted = await cli("endpoint", "delete", endpoint.id);
    expect(deleted.stdout).toContain("is deleted: 10 sessions were cut;");
    const again = await cli("endpoint", "delete", endpoint.id);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("CSS.0016");
  });
});

describe("vpc and status", () => {
  test("a VPC is made, listed and deleted by name", async () => {
    expect((await cli("vpc", "create", "lab", "--cidr", "127.9.0.0/20")).stdout).toContain(
      "Created VPC lab (127.9.0.0/20)",
    );
    expect((await cli("vpc", "list")).stdout).toMatch(
      /lab +\S+ +loopback +- +127\.9\.0\.0\/20 +default +1 +4000/,
    );
    expect((await cli("vpc", "delete", "lab")).stdout).toBe("VPC lab is deleted.\n");
    expect((await cli("vpc", "delete", "lab")).stderr).toContain("There are: default");
  });

  test("a VPC with IPv6 shows both networks, and how loopback gets its addresses", async () => {
    const made = await cli("vpc", "create", "lab", "--cidr", "127.9.0.0/20", "--cidr6", "fd00:1::/64");
    expect(made.stdout).toContain("Created VPC lab (127.9.0.0/20 fd00:1::/64)");
    expect(made.stderr).toContain("ip -6 route add local fd00:1::/64 dev lo");
    expect(fake.seen.at(-1)?.body).toMatchObject({ cidr6: "fd00:1::/64" });
    expect((await cli("vpc", "list")).stdout).toMatch(/127\.9\.0\.0\/20 fd00:1::\/64 +default/);
    const later = await cli("vpc", "ipv6", "default", "fd00:2::/64");
    expect(later.stdout).toBe("VPC default has 127.1.0.0/20 fd00:2::/64.\n");
    expect(later.stderr).toContain("ip -6 route add local fd00:2::/64 dev lo");
    expect(fake.seen.at(-1)?.body).toEqual({ cidr6: "fd00:2::/64" });
  });

  test("a VPC without an attachment is made so, and every command says what that means", async () => {
    const made = await cli("vpc", "create", "cloud", "--cidr", "10.0.0.0/24", "--attachment", "none");
    expect(made.stderr).toContain("No gateway is attached to it");
    expect((await cli("vpc", "list")).stdout).toMatch(/cloud +\S+ +none +- +10\.0\.0\.0\/24/);
    const [cluster] = fake.model.clusters;
    fake.model.addEndpoint(cluster?.id ?? "", "b2", "accepted").note = "nothing is carried";
    expect((await cli("endpoint", "list")).stderr).toMatch(/^127\S+: nothing is carried$/m);
    expect((await cli("status")).stderr).toContain("Of these endpoints, 1 are in networks");
    expect((await cli("connections", cluster?.name ?? "")).stderr).toMatch(/Of these, 1 are in .* 127\S+$/m);
    expect((await cli("vpc", "create", "x", "--attachment", "netns")).code).toBe(2);
  });

  test("a VPC is attached to an interface or a namespace, and the list says to which", async () => {
    const made = await cli(
      "vpc",
      "create",
      "cloud",
      "--cidr",
      "10.0.0.0/24",
      "--attachment",
      "interface",
      "--device",
      "eth1",
    );
    expect(made.code).toBe(0);
    expect((await cli("vpc", "list")).stdout).toMatch(/cloud +\S+ +interface eth1 +- +10\.0\.0\.0\/24/);
    const netns = ["--attachment", "netns", "--namespace", "consumer-a"];
    expect((await cli("vpc", "attach", "cloud", ...netns)).stdout).toContain(
      "VPC cloud is attached as netns consumer-a: 0 sessions were cut",
    );
    expect(fake.model.vpcs.at(-1)?.attachment).toEqual({ kind: "netns", namespace: "consumer-a" });
    for (const wrong of [["netns"], ["interface", "--namespace", "x"], ["none", "--device", "eth1"]]) {
      expect((await cli("vpc", "attach", "cloud", "--attachment", ...wrong)).code).toBe(2);
    }
    expect((await cli("vpc", "attach", "cloud")).code).toBe(2);
  });

  test("status shows the gateways and how far they are", async () => {
    const { code, stdout } = await cli("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/gateway-1 +in step +proxy, kernel +1 +12/);
  });
});
