import { readFile, writeFile } from "node:fs/promises";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { runGuarded } from "../support/guarded-process.ts";
import { programsObstacle } from "../support/netns/requirements.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";

type Named = Endpoint & { readonly dns_name: string };
type Vpcs = { readonly vpcs: readonly { readonly name: string; readonly dns_address?: string }[] };

const zone = "region-1.names.example";

let postern: Postern;
let node: SearchNode;
let service: Service;
let port: number;
const endpoints = { own: undefined as Named | undefined, other: undefined as Named | undefined };

beforeAll(async () => {
  port = await freePort();
  node = await startNode();
  const args = ["--dns-port", String(port), "--dns-zone", "names.example", "--dns-ttl", "7"];
  postern = await startPostern({ args });
  service = await Service.open(postern, "logs", [node], { endpoint_with_dns_name: true });
  endpoints.own = (await service.ownEndpoint()) as Named;
  const { id } = ok(
    await postern.api<{ readonly id: string }>("POST", "/postern/v1/{pid}/vpcs", { name: "other" }),
  );
  const wish = { vpc_id: id, enable_dns: true };
  endpoints.other = (await createEndpoint(postern, await service.name(), wish)) as Named;
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

async function resolverOf(vpc: string): Promise<string> {
  const { vpcs } = ok(await postern.api<Vpcs>("GET", "/postern/v1/{pid}/vpcs"));
  return vpcs.find(({ name }) => name === vpc)?.dns_address ?? "";
}

function nameOf(which: keyof typeof endpoints): string {
  return endpoints[which]?.dns_name ?? "";
}

/** What a program finds: the status, and the addresses. */
async function ask(
  program: "dig" | "kdig",
  resolver: string,
  ...question: readonly string[]
): Promise<string> {
  const args = [`@${resolver}`, "-p", String(port), ...question, "+time=2"];
  const { output } = await runGuarded(program, args, { timeoutMs: 20_000 });
  const status = /status: (\w+)/.exec(output)?.[1] ?? "";
  return [status, ...[...output.matchAll(/^[^;].*\sIN\s+A\s+(\S+)/gm)].map(([, address]) => address)].join(
    " ",
  );
}

const programs = ["dig", "kdig"] as const;

describe.each(programs)("%s", (program) => {
  test("finds a name that is accepted and serves, in its own network alone", async ({ skip }) => {
    const obstacle = await programsObstacle([program]);
    skip(obstacle !== "", obstacle);
    const [own, other] = [await resolverOf("default"), await resolverOf("other")];
    const found = `NOERROR ${endpoints.own?.ip}`;
    await eventually(async () => (await ask(program, own, nameOf("own"), "A")) === found);
    expect(await ask(program, own, nameOf("own").toUpperCase(), "A", "+tcp")).toBe(found);
    expect(await ask(program, other, nameOf("other"), "A")).toBe(`NOERROR ${endpoints.other?.ip}`);
    expect(await ask(program, other, nameOf("own"), "A")).toBe("NXDOMAIN");
    expect(await ask(program, own, nameOf("own"), "AAAA")).toBe("NOERROR");
    expect(await ask(program, own, "example.com", "A")).toBe("REFUSED");
    const { output } = await runGuarded(program, [`@${own}`, "-p", String(port), zone, "SOA"], {
      timeoutMs: 20_000,
    });
    expect(output).toMatch(new RegExp(`^${zone}\\.\\s+7\\s+IN\\s+SOA\\s+ns\\.${zone}\\. `, "m"));
  });
});

describe("dig", () => {
  test("finds no name while its endpoint is rejected, its service closed, or its last node dead", async ({
    skip,
  }) => {
    const obstacle = await programsObstacle(["dig"]);
    skip(obstacle !== "", obstacle);
    const own = await resolverOf("default");
    const look = (): Promise<string> => ask("dig", own, nameOf("own"), "A");
    const found = `NOERROR ${endpoints.own?.ip}`;
    await eventually(async () => (await look()) === found);
    const { id = "" } = endpoints.own ?? {};

    const rejected = await service.decide("reject", id);
    expect([rejected.headers.get("x-postern-enforced"), await look()]).toEqual(["true", "NXDOMAIN"]);
    ok(await service.decide("receive", id));
    expect(await look()).toBe(found);

    ok(await service.close());
    expect(await look()).toBe("NXDOMAIN");
    ok(await postern.api("POST", service.path("open"), { endpoint_with_dns_name: true }));
    expect(await look()).toBe(found);

    node.behave({ status: 503 });
    await eventually(async () => (await look()) === "NXDOMAIN", { timeoutMs: 20_000 });
    node.behave({ status: 200 });
    await eventually(async () => (await look()) === found, { timeoutMs: 20_000 });
  });

  test("goes on finding names with the server dead, and address and name are the same after a restart", async ({
    skip,
  }) => {
    const obstacle = await programsObstacle(["dig"]);
    skip(obstacle !== "", obstacle);
    const own = await resolverOf("default");
    const found = `NOERROR ${endpoints.own?.ip}`;
    const before = await postern.pids();
    process.kill(before.server, "SIGSTOP");
    try {
      expect(await ask("dig", own, nameOf("own"), "A")).toBe(found);
      process.kill(before.gateway, "SIGKILL");
      await eventually(async () => (await postern.pids()).gateway !== before.gateway);
      await eventually(async () => (await ask("dig", own, nameOf("own"), "A")) === found, {
        timeoutMs: 20_000,
      });
    } finally {
      process.kill(before.server, "SIGKILL");
    }
    await eventually(async () => (await resolverOf("default")) === own, { timeoutMs: 20_000 });
    expect(((await service.ownEndpoint()) as Named).dns_name).toBe(nameOf("own"));
  });
});

test("hostile messages are survived: the gateway answers the same afterwards, from the same process", async () => {
  const own = await resolverOf("default");
  const { gateway } = await postern.pids();
  const corpus = await readFile(new URL("../support/dns/hostile-messages.txt", import.meta.url), "utf8");
  const messages = corpus.split("\n").filter((line) => /^[0-9a-f ]+$/.test(line));
  expect(messages.length).toBeGreaterThan(25);
  const socket = createSocket("udp4");
  for (const line of messages) socket.send(Buffer.from(line.replaceAll(" ", ""), "hex"), port, own);
  const query = Buffer.from(
    `77770000000100000000000002${Buffer.from("ns").toString("hex")}0000010001`,
    "hex",
  );
  const answered = new Promise((resolve) => {
    socket.on("message", (message) => {
      if (message.readUInt16BE(0) === 0x7777) resolve(message.readUInt8(3));
    });
  });
  await eventually(async () => {
    socket.send(query, port, own);
    return Promise.race([answered.then(() => true), new Promise((resolve) => setTimeout(resolve, 100))]);
  });
  // Refused: `ns.` alone is no name of the zone.
  expect(await answered).toBe(5);
  socket.close();
  expect((await postern.pids()).gateway).toBe(gateway);
});

test("postern vpc list tells where names are served", async () => {
  const { stdout } = await postern.cli(["vpc", "list"]);
  expect(stdout).toContain(await resolverOf("default"));
  expect(stdout).toContain("DNS");
});

test("postern dns export prints a zone that BIND takes", async ({ skip }) => {
  const obstacle = await programsObstacle(["named-checkzone"]);
  skip(obstacle !== "", obstacle);
  const { stdout } = await postern.cli(["dns", "export", "--vpc", "default"]);
  const file = join(postern.dataDir, "exported.zone");
  await writeFile(file, stdout);
  const { output } = await runGuarded("named-checkzone", ["-D", "-q", zone, file], { timeoutMs: 20_000 });
  expect(output.replaceAll(/\s+/g, " ")).toContain(`${nameOf("own")}. 5 IN A ${endpoints.own?.ip}`);
  expect(output).not.toContain(nameOf("other"));
});
