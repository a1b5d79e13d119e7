import { describe, expect, test } from "vitest";
import { buildSnapshot } from "../domain/build-snapshot.ts";
import type { GatewayId } from "../domain/ids.ts";
import { namePlace } from "../domain/test-fixtures.ts";
import { refusal, startTestServer, type Json, type Tenant, type TestCluster } from "./test-server.ts";

const vpcs = "/postern/v1/{p}/vpcs";
const open = "/vpcepservice/open";
const dual = { profession_vpcep: true, dualstack_enable: true };

async function startTenant(): Promise<Tenant> {
  return (await startTestServer()).tenant("owner");
}

interface Network {
  readonly vpc_id: string;
  readonly subnet_id: string;
}

/** Makes a VPC with both families; returns what puts something into it. */
async function addNetwork(tenant: Tenant, cidr6 = "fd00:1::/64", name = "edge"): Promise<Network> {
  // Younger than the first network, which is the default.
  tenant.server.clock.advance(1_000);
  const { status, body, text } = await tenant.call("POST", vpcs, { name, cidr6 });
  if (status !== 200) throw new Error(text);
  const [subnet] = body["subnets"] as Json[];
  return { vpc_id: String(body["id"]), subnet_id: String(subnet?.["id"]) };
}

async function openDual(tenant: Tenant): Promise<TestCluster> {
  const cluster = await tenant.register("logs", { ...(await addNetwork(tenant)) });
  const answer = await cluster.call("POST", open, dual);
  if (answer.status !== 200) throw new Error(answer.text);
  return cluster;
}

async function firstConnection(cluster: TestCluster): Promise<Json> {
  const [first] = (await cluster.connections()).connections;
  return { ...first };
}

describe("a VPC's IPv6 network", () => {
  test("is shown with its subnets in every view, canonical; those without show nothing of it", async () => {
    const tenant = await startTenant();
    const subnets = [
      { name: "a", cidr: "127.9.0.0/24", cidr6: "FD00:0001::/64" },
      { name: "b", cidr: "127.9.1.0/24" },
    ];
    const wish = { name: "edge", cidr: "127.9.0.0/16", cidr6: "fd00:1:0::/48", subnets };
    const { body } = await tenant.call("POST", vpcs, wish);
    expect(body).toMatchObject({ cidr6: "fd00:1::/48", subnets: [{ cidr6: "fd00:1::/64" }, {}] });
    const [first, second] = body["subnets"] as Json[];
    expect(second).not.toHaveProperty("cidr6");
    const published = async (subnet: Json | undefined): Promise<unknown> =>
      (await tenant.call("GET", `/v1/{p}/subnets/${String(subnet?.["id"])}`)).body["subnet"];
    expect(await published(first)).toMatchObject({
      ipv6_enable: true,
      cidr_v6: "fd00:1::/64",
      gateway_ip_v6: "fd00:1::1",
    });
    expect(await published(second)).toMatchObject({ ipv6_enable: false });
    expect(await published(second)).not.toHaveProperty("cidr_v6");
  });

  test.each([
    [{ cidr6: "fd00:1::1/64" }, "400 CSS.0001"],
    [{ cidr6: "10.0.0.0/8" }, "400 CSS.0001"],
    [{ cidr6: "2001:db8::/64" }, "400 CSS.5038"],
    [{ cidr6: "fe80::/64" }, "400 CSS.5038"],
    [{ cidr6: "fd00:1::/127" }, "400 CSS.5038"],
    [{ subnets: [{ name: "a", cidr: "127.9.0.0/24", cidr6: "fd00:1::/64" }] }, "400 CSS.5038"],
    [
      { cidr6: "fd00:1::/64", subnets: [{ name: "a", cidr: "127.9.0.0/24", cidr6: "fd00::/64" }] },
      "400 CSS.5038",
    ],
    [
      {
        cidr6: "fd00:1::/64",
        subnets: [
          { name: "a", cidr: "127.9.0.0/24", cidr6: "fd00:1::/65" },
          { name: "b", cidr: "127.9.1.0/24", cidr6: "fd00:1::/66" },
        ],
      },
      "409 EndPoint.3006",
    ],
  ])("%j on loopback is refused: %s", async (wish, code) => {
    const tenant = await startTenant();
    expect(refusal(await tenant.call("POST", vpcs, { name: "x", cidr: "127.9.0.0/16", ...wish }))).toBe(code);
  });

  test("overlaps no other on loopback, and any other elsewhere", async () => {
    const tenant = await startTenant();
    await addNetwork(tenant);
    const again = { name: "again", cidr6: "fd00:1::/80" };
    expect(refusal(await tenant.call("POST", vpcs, again))).toBe("409 EndPoint.3006");
    const elsewhere = { ...again, cidr: "10.0.0.0/24", attachment: { kind: "none" } };
    expect((await tenant.call("POST", vpcs, elsewhere)).status).toBe(200);
    const global = { ...elsewhere, name: "global", cidr6: "2001:db8::/64" };
    expect((await tenant.call("POST", vpcs, global)).status).toBe(200);
  });
});

test("a VPC that has IPv4 only gets an IPv6 network later, once; its endpoints stay as they are", async () => {
  const tenant = await startTenant();
  const cluster = await tenant.open("logs");
  const { vpcepIp } = await firstConnection(cluster);
  const { vpc_id: id, subnet_id } = await networkOf(cluster);
  const put = (cidr6: string) => tenant.call("PUT", `${vpcs}/${id}`, { cidr6 });
  const { body } = await put("FD00:9::/64");
  expect(body).toMatchObject({ cidr6: "fd00:9::/64", subnets: [{ id: subnet_id, cidr6: "fd00:9::/64" }] });
  expect((await put("fd00:9::/64")).body).toEqual(body);
  expect(refusal(await put("fd00:8::/64"))).toBe("400 CSS.5090");
  await cluster.call("PUT", "/vpcepservice/close");
  expect((await cluster.call("POST", open, dual)).status).toBe(200);
  expect(await firstConnection(cluster)).toMatchObject({ vpcepIp, vpcepIpv6Address: "fd00:9::2" });
});

test("what may come from an interface of the host is for operators to say", async () => {
  const server = await startTestServer();
  const [operator, tenant] = [await server.tenant("operator", true), await server.tenant("tenant")];
  const wish = { name: "team", cidr: "10.0.0.0/24", attachment: { kind: "none" } };
  const path = `${vpcs}/${String((await tenant.call("POST", vpcs, wish)).body["id"])}`;
  const attachment = { kind: "interface", device: "eth1" };
  expect((await operator.call("PUT", path, { attachment })).status).toBe(200);
  const body = { cidr6: "fd00:9::/64" };
  expect(refusal(await tenant.call("PUT", path, body))).toBe("403 CSS.5045");
  expect((await operator.call("PUT", path, body)).body).toMatchObject({ attachment, ...body });
});

test("a VPC of several subnets does not get one network for all of them", async () => {
  const tenant = await startTenant();
  const subnets = ["127.9.0.0/24", "127.9.1.0/24"].map((cidr) => ({ name: `s${cidr[6]}`, cidr }));
  const { body } = await tenant.call("POST", vpcs, { name: "two", cidr: "127.9.0.0/16", subnets });
  const answer = await tenant.call("PUT", `${vpcs}/${String(body["id"])}`, { cidr6: "fd00:9::/64" });
  expect(refusal(answer)).toBe("400 CSS.5090");
});

describe("opening with dual stack", () => {
  test("gives the endpoint a second address, which every view shows", async () => {
    const tenant = await startTenant();
    const cluster = await openDual(tenant);
    const connection = await firstConnection(cluster);
    const { id, vpcepIp } = connection;
    expect(connection).toMatchObject({ vpcepIpv6Address: "fd00:1::2", maxSession: "1000000" });
    const both = { vpcepIp, vpcepIpv6Address: "fd00:1::2" };
    expect((await cluster.call("GET", "")).body).toMatchObject(both);
    const ours = await tenant.call("GET", `/postern/v1/{p}/endpoints/${String(id)}`);
    expect(ours.body).toMatchObject({ ip: vpcepIp, ip6: "fd00:1::2" });
    const native = await tenant.call("GET", `/v1/{p}/vpc-endpoints/${String(id)}`);
    expect(native.body).toMatchObject({ ip: vpcepIp, ipv6_address: "fd00:1::2", ip_version: "dualstack" });
    const { store } = tenant.server;
    const snapshot = buildSnapshot(await store.desiredState(), "g" as GatewayId, namePlace, String);
    expect(snapshot.endpoints).toMatchObject([{ address: vpcepIp, address6: "fd00:1::2" }]);
  });

  test("an endpoint without it shows nothing of it", async () => {
    const tenant = await startTenant();
    const cluster = await tenant.open("logs");
    expect(await firstConnection(cluster)).not.toHaveProperty("vpcepIpv6Address");
    expect((await cluster.call("GET", "")).body).not.toHaveProperty("vpcepIpv6Address");
  });

  test("the address survives closing and opening, also without asking for it again", async () => {
    const tenant = await startTenant();
    const cluster = await openDual(tenant);
    const before = await firstConnection(cluster);
    await tenant.connect("logs", { dual_stack: true, ...(await networkOf(cluster)) });
    await cluster.call("PUT", "/vpcepservice/close");
    await cluster.call("POST", open, {});
    const { connections } = await cluster.connections();
    expect(connections.map((one) => (one as Json)["vpcepIpv6Address"])).toContain(before["vpcepIpv6Address"]);
  });

  test("opened again with it, the endpoint that had one address gets the other", async () => {
    const tenant = await startTenant();
    const cluster = await tenant.register("logs", { ...(await addNetwork(tenant)) });
    await cluster.call("POST", open, {});
    const { id, vpcepIp } = await firstConnection(cluster);
    await cluster.call("PUT", "/vpcepservice/close");
    expect((await cluster.call("POST", open, dual)).status).toBe(200);
    expect(await firstConnection(cluster)).toMatchObject({ id, vpcepIp, vpcepIpv6Address: "fd00:1::2" });
  });

  test("of a cluster's creation does the same", async () => {
    const tenant = await startTenant();
    const cluster = await tenant.register("logs", { ...(await addNetwork(tenant)) });
    const loadBalance = { endpointWithDnsName: false, professionVpcep: true, dualstackEnable: true };
    const datastore = { type: "opensearch", version: "2" };
    const body = { cluster: { name: "logs", datastore, loadBalance } };
    expect((await tenant.call("POST", "/v2.0/{p}/clusters", body)).status).toBe(200);
    expect(await firstConnection(cluster)).toMatchObject({ vpcepIpv6Address: "fd00:1::2" });
  });
});

/** Where the cluster lives. */
async function networkOf({ owner, id }: TestCluster): Promise<Network> {
  const { body } = await owner.call("GET", `/postern/v1/{p}/clusters/${id}`);
  return { vpc_id: String(body["vpc_id"]), subnet_id: String(body["subnet_id"]) };
}

describe("an endpoint that its consumer makes", () => {
  test.each([
    ["/postern/v1/{p}/endpoints", "service", { dual_stack: true }, "ip6", { ip6: "fd00:1::77" }],
    [
      "/v1/{p}/vpc-endpoints",
      "endpoint_service_id",
      { ip_version: "dualstack" },
      "ipv6_address",
      { ipv6_address: "FD00:1::0077" },
    ],
  ])("at %s gets the next IPv6 address, or the one that it wants", async (path, key, both, shown, wanted) => {
    const tenant = await startTenant();
    const cluster = await openDual(tenant);
    const network = await networkOf(cluster);
    const name = (await cluster.connections()).vpcServiceName;
    const wish = { [key]: key === "service" ? name : name.split(".").at(-1), ...network };
    const next = await tenant.call("POST", path, { ...wish, ...both });
    expect([next.status, next.body[shown]]).toEqual([200, "fd00:1::3"]);
    expect((await tenant.call("POST", path, { ...wish, ...both, ...wanted })).body[shown]).toBe("fd00:1::77");
    const single = await tenant.call("POST", path, wish);
    expect(single.status).toBe(200);
    expect(single.body).not.toHaveProperty(shown);
    const refused = async (more: Json): Promise<string> =>
      refusal(await tenant.call("POST", path, { ...wish, ...more }));
    const [taken, malformed, outside] =
      key === "service"
        ? ["409 EndPoint.3006", "400 CSS.5038", "400 CSS.5038"]
        : ["400 EndPoint.2042", "400 EndPoint.2041", "400 EndPoint.2043"];
    expect(await refused({ ...both, ...wanted })).toBe(taken);
    expect(await refused({ ...both, [shown]: "10.0.0.1" })).toBe(malformed);
    expect(await refused({ ...both, [shown]: "fd00:2::7" })).toBe(outside);
    expect(await refused(wanted)).toMatch(/^400 /);
  });

  test("of a basic service, or in a network without IPv6, is refused with the reason", async () => {
    const tenant = await startTenant();
    await tenant.open("basic");
    const ask = { service: "basic", dual_stack: true, ...(await addNetwork(tenant)) };
    const basic = await tenant.call("POST", "/postern/v1/{p}/endpoints", ask);
    expect([refusal(basic), basic.body["error_msg"]]).toEqual([
      "400 CSS.5140",
      expect.stringContaining("professional"),
    ]);
    const large = await tenant.open("large", { profession_vpcep: true });
    const without = { service: "large", dual_stack: true, ...(await networkOf(large)) };
    const answer = await tenant.call("POST", "/postern/v1/{p}/endpoints", without);
    expect([refusal(answer), answer.body["error_msg"]]).toEqual([
      "400 CSS.5140",
      expect.stringContaining("no IPv6"),
    ]);
  });

  test("a pool that is used up says so", async () => {
    const tenant = await startTenant();
    await tenant.open("logs", { profession_vpcep: true });
    const wish = { dual_stack: true, ...(await addNetwork(tenant, "fd00:1::/125")) };
    for (let n = 0; n < 5; n += 1) await tenant.connect("logs", wish);
    const full = await tenant.call("POST", "/postern/v1/{p}/endpoints", { service: "logs", ...wish });
    expect(refusal(full)).toBe("400 CSS.0064");
  });
});
