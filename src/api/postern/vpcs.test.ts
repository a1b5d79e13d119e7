import { describe, expect, test } from "vitest";
import { buildSnapshot } from "../../domain/build-snapshot.ts";
import { newUuid, type EndpointId, type GatewayId, type VpcId } from "../../domain/ids.ts";
import { namePlace } from "../../domain/test-fixtures.ts";
import type { Ipv4 } from "../../lib/ipv4.ts";
import { refusal, startTestServer, type Json, type Tenant } from "../test-server.ts";

const path = "/postern/v1/{p}/vpcs";

/** Returns the last number of an address. */
function lastNumber(address: unknown): number {
  return Number(String(address).split(".").at(-1));
}

/** Returns the owner of a cluster whose service is open. */
async function openLogs(): Promise<Tenant> {
  const tenant = await owner();
  await tenant.open("logs");
  return tenant;
}

async function owner(): Promise<Tenant> {
  return (await startTestServer()).tenant("owner");
}

describe("creating", () => {
  test("with everything named; the answer, key for key", async () => {
    const tenant = await owner();
    const answer = await tenant.call("POST", path, {
      name: "edge",
      cidr: "127.9.0.0/16",
      attachment: { kind: "loopback" },
      subnets: [
        { name: "a", cidr: "127.9.0.0/24" },
        { name: "b", cidr: "127.9.1.0/30" },
      ],
    });
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        id,
        name: "edge",
        cidr: "127.9.0.0/16",
        attachment: { kind: "loopback" },
        subnets: [
          { id, name: "a", cidr: "127.9.0.0/24", addresses_used: 0, addresses_free: 253 },
          { id, name: "b", cidr: "127.9.1.0/30", addresses_used: 0, addresses_free: 1 },
        ],
        created_at: "2026-01-02T03:04:05Z",
      },
    ]);
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
    expect((await tenant.call("GET", `${path}/${String(answer.body["id"])}`)).body).toEqual(answer.body);
  });

  test("with a name alone takes a free network and one subnet over all of it", async () => {
    const tenant = await owner();
    const { body } = await tenant.call("POST", path, { name: "edge" });
    expect(body["cidr"]).toMatch(/^127\.\d+\.\d+\.0\/20$/);
    expect(body["subnets"]).toMatchObject([{ name: "default", cidr: body["cidr"], addresses_free: 4093 }]);
  });

  test("networks never overlap, not even between projects: they share the loopback", async () => {
    const tenant = await owner();
    const stranger = await tenant.server.tenant("stranger");
    await tenant.call("POST", path, { name: "edge", cidr: "127.9.0.0/16" });
    for (const cidr of ["127.9.0.0/16", "127.9.7.0/24", "127.8.0.0/13"]) {
      expect(refusal(await stranger.call("POST", path, { name: "theirs", cidr }))).toBe("409 EndPoint.3006");
    }
    expect((await stranger.call("POST", path, { name: "edge", cidr: "127.10.0.0/16" })).status).toBe(200);
  });

  test("a name is taken once a project", async () => {
    const tenant = await owner();
    expect(refusal(await tenant.call("POST", path, { name: "default" }))).toBe("409 EndPoint.3006");
  });

  test("where no default network is left, it says so", async () => {
    const tenant = await owner();
    // All of 127.64.0.0/10 but what the tenant's own VPC took.
    const [own] = await tenant.server.store.networks.loopbackVpcs();
    const taken = Number(own?.cidr.split(".")[1]);
    const halves = (first: number, last: number): number[] =>
      Array.from({ length: last - first + 1 }, (_, n) => first + n).filter((octet) => octet !== taken);
    for (const octet of halves(64, 127)) {
      const cidr = `127.${octet}.0.0/16`;
      expect((await tenant.call("POST", path, { name: `n${octet}`, cidr })).status).toBe(200);
    }
    let answer = await tenant.call("POST", path, { name: "d0" });
    for (let n = 1; n <= 16 && answer.status === 200; n += 1) {
      answer = await tenant.call("POST", path, { name: `d${n}` });
    }
    expect(refusal(answer)).toBe("400 CSS.0064");
    expect((await tenant.call("GET", `${path}?limit=1`)).body["total_count"]).toBe(63 + 16);
  });

  const subnet = { name: "a", cidr: "127.9.0.0/24" };
  test.each([
    [{}, "400 CSS.5037", "name"],
    [{ name: "-x" }, "400 CSS.0001", "name"],
    [{ name: "x".repeat(65) }, "400 CSS.5038", "name"],
    [{ name: "e", cidr: 7 }, "400 CSS.0001", "cidr"],
    [{ name: "e", cidr: "127.9.0.0" }, "400 CSS.0001", "no IPv4 network"],
    [{ name: "e", cidr: "127.9.0.1/24" }, "400 CSS.0001", "no IPv4 network"],
    [{ name: "e", cidr: "10.0.0.0/8" }, "400 CSS.5038", "127.0.0.0/8"],
    [{ name: "e", cidr: "127.0.0.0/8" }, "400 CSS.5038", "127.0.0.0/16"],
    [{ name: "e", cidr: "127.0.5.0/24" }, "400 CSS.5038", "127.0.0.0/16"],
    [{ name: "e", attachment: { kind: "bridge" } }, "400 CSS.5038", "loopback"],
    [{ name: "e", attachment: { kind: "netns" } }, "400 CSS.5037", "namespace"],
    [{ name: "e", attachment: { kind: "interface" } }, "400 CSS.5037", "device"],
    [{ name: "e", attachment: { kind: "none" } }, "400 CSS.5037", "cidr"],
    [{ name: "e", cidr: "8.8.8.0/24", attachment: { kind: "none" } }, "400 CSS.5038", "private"],
    [{ name: "e", cidr: "127.9.0.0/24", attachment: { kind: "none" } }, "400 CSS.5038", "private"],
    [{ name: "default", cidr: "10.0.0.0/24", attachment: { kind: "none" } }, "409 EndPoint.3006", "default"],
    [{ name: "e", cidr: "127.9.0.0/16", subnets: [] }, "400 CSS.5038", "subnets"],
    [{ name: "e", cidr: "127.9.0.0/16", subnets: [{ name: "a" }] }, "400 CSS.5037", "cidr"],
    [
      { name: "e", cidr: "127.9.0.0/24", subnets: [{ ...subnet, cidr: "127.9.0.0/16" }] },
      "400 CSS.5038",
      "a",
    ],
    [
      { name: "e", cidr: "127.9.0.0/16", subnets: [{ ...subnet, cidr: "127.9.0.9/24" }] },
      "400 CSS.0001",
      "9/24",
    ],
    [
      { name: "e", cidr: "127.9.0.0/16", subnets: [subnet, { name: "b", cidr: "127.9.0.128/25" }] },
      "409 EndPoint.3006",
      "Subnet b overlaps",
    ],
    [
      { name: "e", cidr: "127.9.0.0/16", subnets: [subnet, { name: "a", cidr: "127.9.1.0/24" }] },
      "409 EndPoint.3006",
      "named a",
    ],
  ])("%j is refused", async (body, code, hint) => {
    const tenant = await owner();
    const answer = await tenant.call("POST", path, body);
    expect(refusal(answer)).toBe(code);
    expect(answer.body["error_msg"]).toContain(hint);
    expect((await tenant.call("GET", path)).body["total_count"]).toBe(1);
  });
});

test("the list pages, oldest first, and counts the addresses in use", async () => {
  const tenant = await owner();
  await tenant.open("logs");
  tenant.server.clock.advance(1_000);
  await tenant.call("POST", path, { name: "edge" });
  const { body } = await tenant.call("GET", path);
  expect(body).toMatchObject({
    vpcs: [
      { name: "default", subnets: [{ addresses_used: 1, addresses_free: 4092 }] },
      { name: "edge", subnets: [{ addresses_used: 0, addresses_free: 4093 }] },
    ],
    total_count: 2,
  });
  const page = await tenant.call("GET", `${path}?offset=1&limit=1`);
  expect(page.body).toEqual({ vpcs: [(body["vpcs"] as Json[])[1]], total_count: 2 });
});

describe("deleting", () => {
  test("an empty one takes its subnets with it", async () => {
    const tenant = await owner();
    const { body } = await tenant.call("POST", path, { name: "edge" });
    const answer = await tenant.call("DELETE", `${path}/${String(body["id"])}`);
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers).toMatchObject({ "x-postern-enforced": "true" });
    expect(refusal(await tenant.call("GET", `${path}/${String(body["id"])}`))).toBe("400 CSS.5021");
  });

  test("one that is a cluster's home, or holds an endpoint, is refused", async () => {
    const tenant = await owner();
    const [home] = (await tenant.call("GET", path)).body["vpcs"] as { id: string }[];
    tenant.server.clock.advance(1_000);
    const edge = (await tenant.call("POST", path, { name: "edge" })).body["id"];
    const cluster = await tenant.open("logs");
    const id = await tenant.connect("logs", { vpc_id: edge });
    const remove = async (vpc: unknown): Promise<string> =>
      refusal(await tenant.call("DELETE", `${path}/${String(vpc)}`));
    expect(await remove(home?.id)).toBe("409 EndPoint.3006");
    expect(await remove(edge)).toBe("409 EndPoint.3006");
    await tenant.call("DELETE", `/postern/v1/{p}/endpoints/${id}`);
    expect((await tenant.call("DELETE", `${path}/${String(edge)}`)).status).toBe(204);
    await tenant.call("DELETE", `/postern/v1/{p}/clusters/${cluster.id}`);
    expect((await tenant.call("DELETE", `${path}/${home?.id}`)).status).toBe(204);
  });

  test("the last one leaves a project where nothing can be registered, and says so", async () => {
    const tenant = await owner();
    const [home] = (await tenant.call("GET", path)).body["vpcs"] as { id: string }[];
    await tenant.call("DELETE", `${path}/${home?.id}`);
    const wish = { name: "logs", nodes: ["http://h:1"], probe: false };
    const answer = await tenant.call("POST", "/postern/v1/{p}/clusters", wish);
    expect(refusal(answer)).toBe("400 CSS.5021");
    expect(answer.body["error_msg"]).toContain("no VPC yet");
  });
});

test("another project's VPC is not found", async () => {
  const tenant = await owner();
  const stranger = await tenant.server.tenant("stranger");
  const [theirs] = (await tenant.call("GET", path)).body["vpcs"] as { id: string }[];
  for (const method of ["GET", "DELETE"] as const) {
    expect(refusal(await stranger.call(method, `${path}/${theirs?.id}`))).toBe("400 CSS.5021");
  }
});

describe("a network without an attachment", () => {
  const recorded = { name: "recorded", cidr: "10.0.0.0/24", attachment: { kind: "none" } };

  test("is shown as such, may overlap others, and takes nothing from loopback's", async () => {
    const tenant = await owner();
    const answer = await tenant.call("POST", path, recorded);
    expect(answer.body).toMatchObject({ cidr: "10.0.0.0/24", attachment: { kind: "none" } });
    expect((await tenant.call("POST", path, { ...recorded, name: "again" })).status).toBe(200);
    expect((await tenant.call("POST", path, { name: "edge" })).body["cidr"]).toMatch(/^127\./);
  });

  test("keeps its endpoints and says that nothing carries them; the gateways never hear of it", async () => {
    const tenant = await owner();
    const cluster = await tenant.open("logs");
    const { body: vpc } = await tenant.call("POST", path, recorded);
    const id = await tenant.connect("logs", { vpc_id: vpc["id"], ip: "10.0.0.7" });
    await tenant.server.attachAll();
    const shown = await tenant.call("GET", `/postern/v1/{p}/endpoints/${id}`);
    expect(shown.body).toMatchObject({ ip: "10.0.0.7", status: "accepted", attached: false });
    expect(shown.body["note"]).toContain("No gateway is attached");
    const { body } = await tenant.call("GET", `/postern/v1/{p}/clusters/${cluster.id}/connections`);
    const connections = body["connections"] as { id: string; attached: boolean; note?: string }[];
    expect(connections.find((one) => one.id === id)).toMatchObject({ attached: false });
    expect(connections.find((one) => one.id !== id)).toMatchObject({ attached: true });
    expect(connections.find((one) => one.id !== id)).not.toHaveProperty("note");
    const list = await tenant.call("GET", "/postern/v1/{p}/endpoints");
    expect(list.text).toContain("No gateway is attached");
    const state = await tenant.server.store.desiredState();
    const { endpoints } = buildSnapshot(state, "g" as GatewayId, namePlace, (sealed) => sealed);
    expect(endpoints.map((endpoint) => endpoint.id)).not.toContain(id);
    expect(endpoints).toHaveLength(1);
  });

  test("counts an address outside the pool as used, not as one of the pool's", async () => {
    const tenant = await owner();
    await tenant.open("logs");
    const { body: vpc } = await tenant.call("POST", path, { ...recorded, cidr: "10.0.0.0/29" });
    const [subnet] = await tenant.server.store.networks.subnets(vpc["id"] as VpcId);
    const [endpoint] = (await tenant.server.store.desiredState()).endpoints;
    if (!subnet || !endpoint) throw new TypeError("the VPC has no subnet, or the service no endpoint");
    const place = { vpcId: subnet.vpcId, subnetId: subnet.id, address: "10.0.0.1" as Ipv4, markerId: 7 };
    const outside = { ...endpoint, ...place, id: newUuid<EndpointId>() };
    await tenant.server.store.observe((tx) => tx.endpoints.insert(outside));
    const shown = await tenant.call("GET", `${path}/${String(vpc["id"])}`);
    expect(shown.body["subnets"]).toMatchObject([{ addresses_used: 1, addresses_free: 5 }]);
  });
});

describe("interfaces and namespaces of the gateway's host", () => {
  const cloud = { name: "cloud", cidr: "10.0.0.0/24" };
  const eth1 = { kind: "interface", device: "eth1" };

  test("are attached by operators, each to one network, whatever its CIDR", async () => {
    const server = await startTestServer();
    const operator = await server.tenant("operator", true);
    const made = await operator.call("POST", path, { ...cloud, attachment: eth1 });
    expect([made.status, made.body["attachment"]]).toEqual([200, eth1]);
    const taken = await operator.call("POST", path, { ...cloud, name: "b", attachment: eth1 });
    expect([refusal(taken), taken.body["error_msg"]]).toEqual([
      "409 EndPoint.3006",
      expect.stringContaining("eth1"),
    ]);
    const other = { kind: "netns", namespace: "eth1" };
    expect((await operator.call("POST", path, { ...cloud, name: "b", attachment: other })).status).toBe(200);
    const tenant = await server.tenant("owner");
    const attachment = { kind: "interface", device: "eth2" };
    expect(refusal(await tenant.call("POST", path, { ...cloud, attachment }))).toBe("403 CSS.5045");
  });

  test("an operator attaches and detaches a tenant's network; the tenant does neither", async () => {
    const server = await startTestServer();
    const [operator, tenant] = [await server.tenant("operator", true), await server.tenant("owner")];
    const { body } = await tenant.call("POST", path, { ...cloud, attachment: { kind: "none" } });
    const one = `${path}/${String(body["id"])}`;
    expect(refusal(await tenant.call("PUT", one, { attachment: eth1 }))).toBe("403 CSS.5045");
    const seen = String((await operator.call("GET", one)).headers["etag"]);
    const attached = await operator.call("PUT", one, { attachment: eth1 }, { "if-match": seen });
    expect([attached.status, attached.body]).toEqual([200, { ...body, attachment: eth1 }]);
    const stale = await operator.call("PUT", one, { attachment: eth1 }, { "if-match": seen });
    expect(refusal(stale)).toBe("412 CSS.5090");
    expect((await operator.call("PUT", one, { attachment: eth1 })).status).toBe(200);
    expect(refusal(await tenant.call("PUT", one, { attachment: { kind: "none" } }))).toBe("403 CSS.5045");
    expect(refusal(await operator.call("PUT", one, { attachment: { kind: "loopback" } }))).toBe(
      "400 CSS.5090",
    );
    expect((await tenant.call("GET", one)).body["attachment"]).toEqual(eth1);
  });
});

describe("the address that names are served at", () => {
  const named = { service: "logs", enable_dns: true };

  test("comes with the first named endpoint, from the pool, and stays", async () => {
    const tenant = await openLogs();
    const show = async (): Promise<Json> => (await tenant.call("GET", path)).body;
    expect(await show()).not.toHaveProperty("vpcs.0.dns_address");
    await tenant.call("POST", "/postern/v1/{p}/endpoints", { service: "logs" });
    expect(await show()).not.toHaveProperty("vpcs.0.dns_address");
    const { body } = await tenant.call("POST", "/postern/v1/{p}/endpoints", named);
    const [vpc] = (await show())["vpcs"] as [{ dns_address: string; subnets: [{ addresses_used: number }] }];
    expect(lastNumber(vpc.dns_address)).toBe(lastNumber(body["ip"]) + 1);
    expect(vpc.subnets[0].addresses_used).toBe(4);
    const again = await tenant.call("POST", "/postern/v1/{p}/endpoints", named);
    expect(lastNumber(again.body["ip"])).toBe(lastNumber(vpc.dns_address) + 1);
    expect(await show()).toMatchObject({ vpcs: [{ dns_address: vpc.dns_address }] });
    const wanted = { ...named, ip: vpc.dns_address };
    expect(refusal(await tenant.call("POST", "/postern/v1/{p}/endpoints", wanted))).toMatch(/^4/);
  });

  test("comes with names that an opened service gets later, and not where the pool is used up", async () => {
    const tenant = await openLogs();
    const edge = { name: "edge", cidr: "127.9.0.0/30" };
    const { body } = await tenant.call("POST", path, edge);
    const wish = { ...named, vpc_id: body["id"] };
    expect((await tenant.call("POST", "/postern/v1/{p}/endpoints", wish)).status).toBe(200);
    const shown = await tenant.call("GET", `${path}/${String(body["id"])}`);
    expect(shown.body).not.toHaveProperty("dns_address");
  });
});
