import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { runGuarded } from "../support/guarded-process.ts";
import { startNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";

type Dual = Endpoint & { readonly ip6: string; readonly error?: { readonly code: string; message: string } };

const canAddAddresses =
  process.platform === "linux" && process.getuid?.() === 0 ? "" : "Adding addresses needs root on Linux";

/** A network that nobody else has (RFC 4193). */
function uniqueNetwork(): string {
  const [a = "", b = "", c = ""] = randomBytes(6).toString("hex").match(/.{4}/g) ?? [];
  return `fd${a.slice(2)}:1${b.slice(1)}:1${c.slice(1)}::/64`;
}

async function addAddress(address: string): Promise<void> {
  const arguments_ = [`${address}/128`, "dev", "lo"];
  await runGuarded("ip", ["-6", "address", "add", ...arguments_], { timeoutMs: 10_000 });
  onTestFinished(async () => {
    await runGuarded("ip", ["-6", "address", "delete", ...arguments_], { timeoutMs: 10_000 });
  });
}

async function start(dataDir: string): Promise<Postern> {
  const postern = await startPostern({ dataDir });
  onTestFinished(() => postern.stop());
  return postern;
}

async function carriesBytes(ip: string, port: number): Promise<void> {
  const session = await openSession({ ip, port });
  await session.echo();
  await session.finish("bye");
}

async function addressesOf(service: Service): Promise<readonly string[]> {
  const { ip, ip6 } = (await service.ownEndpoint()) as Dual;
  return [ip, ip6];
}

test.skipIf(canAddAddresses !== "")(
  "an endpoint with dual stack serves both families as one, from nodes of IPv4 alone, and keeps its addresses",
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "postern-"));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const node = await startNode();
    onTestFinished(() => node.stop());
    const postern = await start(dataDir);
    const port = await freePort("0.0.0.0");
    const cidr6 = uniqueNetwork();
    const made = await postern.cli(["vpc", "create", "dual", "--cidr6", cidr6]);
    expect(made.stderr).toContain(`ip -6 route add local ${cidr6} dev lo`);
    const place = ["--vpc", "dual", "--client-port", String(port)];
    const how = ["--open", "--professional", "--dual-stack"];

    // The address is not on this host yet: said with the line that helps, while IPv4 serves.
    const added = await postern.cli(["cluster", "add", "logs", node.url, ...place, ...how]);
    const fix = /sudo (ip -6 address add (\S+)\/128 dev lo)/.exec(added.stderr);
    expect(fix?.[2]).toBe(cidr6.replace("/64", "2"));
    const clusters = ok(
      await postern.api<{ clusters: { id: string }[] }>("GET", "/postern/v1/{pid}/clusters"),
    );
    const service = Service.of(postern, clusters.clusters[0]?.id ?? "");
    const own = (await service.ownEndpoint()) as Dual;
    expect([own.status, own.error?.code]).toEqual(["failed", "address_unavailable"]);
    await carriesBytes(own.ip, port);

    await addAddress(own.ip6);
    await eventually(async () => (await service.ownEndpoint()).status === "accepted", {
      what: "the endpoint to be up",
    });
    await carriesBytes(own.ip6, port);
    expect((await service.connections()).connections).toMatchObject([
      { vpcepIp: own.ip, vpcepIpv6Address: own.ip6 },
    ]);

    // One cap over both.
    await eventually(async () => (await service.ownEndpoint()).sessions === 0, { what: "an idle endpoint" });
    ok(await service.setCap(own.id, 2));
    const four = await openSession({ ip: own.ip, port });
    const six = await openSession({ ip: own.ip6, port });
    for (const ip of [own.ip, own.ip6]) expect(await refusalOf({ ip, port })).toMatch(/ECONNRESET|EPIPE/);
    await eventually(async () => (await service.refusals(own.id)).session_cap >= 2, { what: "two refusals" });
    await service.decide("reject", own.id);
    for (const session of [four, six])
      await expect(session.echo()).rejects.toThrow(/ECONNRESET|EPIPE|closed/);
    await service.decide("receive", own.id);

    const before = [own.ip, own.ip6];
    ok(await service.close());
    ok(await postern.api("POST", service.path("open"), {}));
    expect(await addressesOf(service)).toEqual(before);
    await postern.stop();
    const again = await start(dataDir);
    expect(await addressesOf(Service.of(again, service.clusterId))).toEqual(before);
    await carriesBytes(own.ip6, port);
  },
);
