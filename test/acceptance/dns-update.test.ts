import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { programsObstacle } from "../support/netns/requirements.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { keyName, PrimaryNameServer } from "../support/primary-name-server.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";

type Named = Endpoint & { readonly dns_name: string };

const zone = "region-1.postern.internal";
const stale = "vpcep-11111111-2222-4333-8444-555555555555";
/** What the zone has before the gateway comes: a name of ours that is none, and names of others. */
const records = [
  `${stale} A 127.9.9.9`,
  `${stale} AAAA ::1`,
  "www A 127.8.8.8",
  "vpcep-www A 127.8.8.9",
  `x.${stale} A 127.8.8.7`,
  `${stale} TXT kept`,
  // Its transfer takes many messages, most of which BIND does not sign.
  ...Array.from({ length: 20_000 }, (_, index) => `filler-${index} A 127.7.7.7`),
];
const programs = ["knotd", "named"] as const;

let obstacle = "";
let directory = "";
let postern: Postern | undefined;
let node: SearchNode | undefined;
let service: Service;
let own: Named;
const servers = new Map<string, PrimaryNameServer>();

async function writeSettings(file: string, vpcId: string): Promise<void> {
  const zones = [];
  for (const [program, { port, secret }] of servers) {
    await writeFile(join(directory, `${program}.secret`), `${secret}\n`);
    const place = { server: "127.0.0.1", port, zone: `${zone}.`, key: keyName };
    zones.push({ vpc_id: vpcId, ...place, secret_file: `${program}.secret` });
  }
  await writeFile(join(directory, "wrong.secret"), Buffer.alloc(32).toString("base64"));
  const [first] = zones;
  zones.push({ ...first, server: "localhost", secret_file: "wrong.secret" });
  zones.push({ ...first, key: "unknown" });
  await writeFile(file, JSON.stringify({ zones }));
}

/** The file needs the network's id, which the first start makes. */
async function startUpdating(): Promise<Postern> {
  const dataDir = join(directory, "data");
  const first = await startPostern({ dataDir });
  const { vpcs } = ok(
    await first.api<{ readonly vpcs: readonly { readonly id: string }[] }>("GET", "/postern/v1/{pid}/vpcs"),
  );
  await first.stop();
  const file = join(directory, "update.json");
  await writeSettings(file, vpcs[0]?.id ?? "");
  return await startPostern({ dataDir, args: ["--dns-update", file] });
}

beforeAll(async () => {
  obstacle = await programsObstacle([...programs, "dig"]);
  if (obstacle !== "") return;
  directory = await mkdtemp(join(tmpdir(), "postern-update-"));
  for (const program of programs) servers.set(program, await PrimaryNameServer.make(program, zone, records));
  postern = await startUpdating();
  node = await startNode();
  service = await Service.open(postern, "logs", [node], { endpoint_with_dns_name: true });
  own = (await service.ownEndpoint()) as Named;
});
afterAll(async () => {
  await postern?.stop();
  await node?.stop();
  for (const server of servers.values()) await server.stop();
  if (directory !== "") await rm(directory, { recursive: true, force: true });
});

async function eventuallyAnswers(server: PrimaryNameServer, name: string, answer: string): Promise<void> {
  await eventually(async () => (await server.ask(name, "A")) === answer, {
    what: `"${answer}" from ${server.program}`,
    intervalMs: 100,
  });
}

describe.each(programs)("%s", (program) => {
  test("has the names of its network, as they come and go, and other names as they were", async ({
    skip,
  }) => {
    skip(obstacle !== "", obstacle);
    const server = servers.get(program);
    if (!server || !postern) throw new Error("nothing was started");
    await eventuallyAnswers(server, own.dns_name, own.ip);
    expect(await server.ask(own.dns_name, "AAAA")).toBe("");
    expect(await server.ask(`${stale}.${zone}`, "A")).toBe("");
    expect(await server.ask(`${stale}.${zone}`, "AAAA")).toBe("");
    expect(await server.ask(`www.${zone}`, "A")).toBe("127.8.8.8");
    expect(await server.ask(`vpcep-www.${zone}`, "A")).toBe("127.8.8.9");
    expect(await server.ask(`x.${stale}.${zone}`, "A")).toBe("127.8.8.7");
    expect(await server.ask(`${stale}.${zone}`, "TXT")).toBe('"kept"');
    await service.decide("reject", own.id);
    await eventuallyAnswers(server, own.dns_name, "");
    await service.decide("receive", own.id);
    await eventuallyAnswers(server, own.dns_name, own.ip);
  });

  test("has no names of other networks", async ({ skip }) => {
    skip(obstacle !== "", obstacle);
    const server = servers.get(program);
    if (!server || !postern) throw new Error("nothing was started");
    const vpc = { name: `other-${program}` };
    const { id } = ok(await postern.api<{ readonly id: string }>("POST", "/postern/v1/{pid}/vpcs", vpc));
    const wish = { vpc_id: id, enable_dns: true };
    const other = (await createEndpoint(postern, await service.name(), wish)) as Named;
    // A later change has come through, so this one would have, too.
    await service.decide("reject", own.id);
    await eventuallyAnswers(server, own.dns_name, "");
    expect(await server.ask(other.dns_name, "A")).toBe("");
    await service.decide("receive", own.id);
    await eventuallyAnswers(server, own.dns_name, own.ip);
  });

  test("gets what it missed while it was away", async ({ skip }) => {
    skip(obstacle !== "", obstacle);
    const server = servers.get(program);
    if (!server || !postern) throw new Error("nothing was started");
    await eventuallyAnswers(server, own.dns_name, own.ip);
    await server.pause();
    await service.decide("reject", own.id);
    await eventually(() => postern?.output().includes("ECONNREFUSED"));
    await server.start();
    await eventuallyAnswers(server, own.dns_name, "");
    await service.decide("receive", own.id);
    await eventuallyAnswers(server, own.dns_name, own.ip);
    expect(await server.ask(`www.${zone}`, "A")).toBe("127.8.8.8");
  });
});

test("wrong secrets and unknown keys are logged with what to do about them", async ({ skip }) => {
  skip(obstacle !== "", obstacle);
  await eventually(() => postern?.output().includes("The secrets of the key differ here and there"));
  await eventually(() => postern?.output().includes("The name server has no such key: add it there"));
  const [secret = ""] = [...servers.values()].map((server) => server.secret);
  expect(postern?.output()).not.toContain(secret);
});
