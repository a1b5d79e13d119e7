import { expect, test } from "vitest";
import { startTestServer, type Json, type Tenant } from "../test-server.ts";

interface Network extends Json {
  readonly id: string;
}

async function tenantWithNetworks(): Promise<{ tenant: Tenant; stranger: Tenant }> {
  const server = await startTestServer();
  const tenant = await server.tenant("owner");
  const subnets = [
    { name: "a", cidr: "127.9.0.0/24" },
    { name: "b", cidr: "127.9.1.0/24" },
  ];
  await tenant.call("POST", "/postern/v1/{p}/vpcs", { name: "edge", cidr: "127.9.0.0/16", subnets });
  return { tenant, stranger: await server.tenant("stranger") };
}

async function list(tenant: Tenant, kind: "vpcs" | "subnets", query = ""): Promise<readonly Network[]> {
  return (await tenant.call("GET", `/v1/{p}/${kind}${query}`)).body[kind] as Network[];
}

test("a VPC and its subnets are shown with the published keys", async () => {
  const { tenant } = await tenantWithNetworks();
  const edge = (await list(tenant, "vpcs")).find((vpc) => vpc["name"] === "edge");
  expect(edge).toMatchObject({ cidr: "127.9.0.0/16", status: "OK", routes: [], description: "" });
  const [subnet] = await list(tenant, "subnets", `?vpc_id=${edge?.id}`);
  expect(subnet).toMatchObject({
    name: "a",
    cidr: "127.9.0.0/24",
    gateway_ip: "127.9.0.1",
    status: "ACTIVE",
    vpc_id: edge?.id,
    neutron_network_id: subnet?.id,
  });
  expect((await tenant.call("GET", `/v1/{p}/vpcs/${edge?.id}`)).body).toEqual({ vpc: edge });
  expect((await tenant.call("GET", `/v1/{p}/subnets/${subnet?.id}`)).body).toEqual({ subnet });
});

test("marker and limit walk through the list once", async () => {
  const { tenant } = await tenantWithNetworks();
  const all = await list(tenant, "subnets");
  expect(all).toHaveLength(3);
  const walked: Network[] = [];
  for (let marker = ""; walked.length <= all.length; marker = `&marker=${walked.at(-1)?.id}`) {
    const page = await list(tenant, "subnets", `?limit=1${marker}`);
    if (page.length === 0) break;
    walked.push(...page);
  }
  expect(walked).toEqual(all);
  expect(await list(tenant, "subnets", "?marker=unknown")).toEqual([]);
  expect(await list(tenant, "subnets", `?id=${all[1]?.id}`)).toEqual([all[1]]);
});

test("another project's networks do not exist", async () => {
  const { tenant, stranger } = await tenantWithNetworks();
  const [vpc] = await list(tenant, "vpcs");
  const [subnet] = await list(tenant, "subnets");
  expect((await stranger.call("GET", `/v1/{p}/vpcs/${vpc?.id}`)).status).toBe(404);
  expect((await stranger.call("GET", `/v1/{p}/subnets/${subnet?.id}`)).status).toBe(404);
  expect(await list(stranger, "subnets", `?vpc_id=${vpc?.id}`)).toEqual([]);
});
