import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { envOf, runCli } from "./cli-harness.ts";
import type { CliResult } from "./cli-harness.ts";
import { FakeApi } from "./fake-api.ts";
import type { FakeVpc } from "./fake-model.ts";
import { forwardingSnippets, resolverNames } from "./forwarding.ts";
import { renderZoneFile } from "./zone-file.ts";

const zone = "local-1.postern.internal";
let fake: FakeApi;
let vpc: FakeVpc;

beforeEach(async () => {
  fake = await FakeApi.start();
  const [only] = fake.model.vpcs;
  if (!only) throw new Error("the fake has no VPC");
  vpc = only;
});
afterEach(() => fake.close());

function cli(...args: string[]): Promise<CliResult> {
  return runCli(args, { env: envOf(fake) });
}

describe("dns export", () => {
  beforeEach(() => {
    const logs = fake.model.addCluster({ name: "logs", nodes: [] });
    for (const status of ["accepted", "rejected", "accepted"]) {
      const endpoint = fake.model.addEndpoint(logs.id, fake.model.accountId, status);
      // The first one has no name.
      if (endpoint.ip !== "127.1.0.2") endpoint.dnsName = `vpcep-${endpoint.ip.at(-1)}.${zone}`;
    }
  });

  test("prints the accepted names of the network", async () => {
    vpc.dns_address = "127.1.0.9";
    const { code, stdout } = await cli("dns", "export", "--ttl", "60");
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual([`$ORIGIN ${zone}.`, "$TTL 60"]);
    expect(lines[2]).toMatch(/^@ IN SOA ns hostmaster \d+ 3600 600 604800 60$/);
    expect(lines.slice(3)).toEqual(["@ IN NS ns", "ns IN A 127.1.0.9", `vpcep-4.${zone}. IN A 127.1.0.4`]);
  });

  test("prints no names of another network, and asks which where there are several", async () => {
    fake.model.vpcs.push({ ...vpc, id: "11111111-2222-4333-8444-555555555555", name: "other" });
    const { stdout } = await cli("dns", "export", "--vpc", "other");
    expect(stdout).toMatch(/\n@ IN NS localhost\.\n$/);
    const { code, stderr } = await cli("dns", "export");
    expect(code).toBe(2);
    expect(stderr).toContain("This project has 2 VPCs, and each has names of its own.");
  });

  test("--json prints names with their addresses", async () => {
    const { stdout } = await cli("dns", "export", "--json");
    expect(JSON.parse(stdout)).toEqual({
      zone,
      vpc_id: vpc.id,
      names: [{ name: `vpcep-4.${zone}`, addresses: ["127.1.0.4"] }],
    });
  });
});

test("addresses of both families are records", () => {
  const names = [{ name: "a.example", addresses: ["10.0.0.1", "fd00::1"] }];
  const text = renderZoneFile({ zone: "example", ttlS: 5, serial: 1, names });
  expect(text).toContain("\na.example. IN A 10.0.0.1\na.example. IN AAAA fd00::1");
});

describe("dns snippet", () => {
  test("prints the zone, and the address of the network's name server", async () => {
    vpc.dns_address = "127.1.0.9";
    const { stdout } = await cli("dns", "snippet", "unbound", "--vpc", "default", "--port", "5300");
    expect(stdout).toContain(`name: "${zone}"\n    stub-addr: 127.1.0.9@5300`);
    expect(stdout).toContain("do-not-query-localhost: no");
  });

  test("says how a network gets a name server", async () => {
    const { code, stderr } = await cli("dns", "snippet", "coredns");
    expect(code).toBe(1);
    expect(stderr).toContain("postern open CLUSTER --dns");
  });

  test.each(resolverNames)("the documentation has the same for %s", (resolver) => {
    const text = forwardingSnippets[resolver]({
      zone: "region-1.postern.internal",
      address: "10.0.0.3",
      port: 53,
    });
    const documentation = readFileSync(new URL("../../docs/dns.md", import.meta.url), "utf8");
    expect(documentation).toContain(text.replace(/^# .*\n/, ""));
  });
});
