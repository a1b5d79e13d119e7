import { expect, test } from "vitest";
import type { ClusterId, EndpointId, ServiceId } from "../../domain/ids.ts";
import { quotas } from "../../domain/quotas.ts";
import { aService, uuid } from "../../domain/test-fixtures.ts";
import { refusal, type Json, type Tenant, type TestCluster } from "../test-server.ts";
import { admit, createEndpoint, networkOf, ok, refusalCode, startParties } from "./testing.ts";

const services = "/v1/{p}/vpc-endpoint-services";

/** Makes a service of a cluster that is there, on one server port. */
async function addService(owner: Tenant, cluster: TestCluster, serverPort: number): Promise<Json> {
  const { vpc_id } = await networkOf(owner);
  const ports = [{ client_port: 80, server_port: serverPort }];
  const body = { port_id: cluster.id, vpc_id, server_type: "LB", ports, approval_enabled: false };
  return ok(await owner.call("POST", services, body));
}

test("the cluster's own operations see the service that opening it made, and no other", async () => {
  const { owner, guest } = await startParties();
  const cluster = await owner.register("logs", { nodes: ["http://10.0.0.5:9200", "http://10.0.0.6:9201"] });
  const { id } = await addService(owner, cluster, 9201);
  await admit(owner, id, guest.accountId);
  await createEndpoint(guest, id);
  expect(refusal(await cluster.call("GET", "/vpcepservice/connections"))).toBe("400 CSS.5182");
  expect(ok(await cluster.call("GET", ""))).not.toHaveProperty("vpcepIp");

  ok(await cluster.call("POST", "/vpcepservice/open", {}));
  const { connections, vpcServiceName } = await cluster.connections();
  expect(connections.map(({ domain_id: account }) => account)).toEqual([owner.accountId]);
  expect(vpcServiceName).not.toContain(String(id));
  const list = ok(await owner.call("GET", services));
  expect(list).toMatchObject({ total_count: 2 });
  const ports = (list["endpoint_services"] as Json[]).map((service) => service["port_id"]);
  expect(ports).toEqual([cluster.id, cluster.id]);
  await cluster.call("PUT", "/vpcepservice/close");
  expect(ok(await owner.call("GET", services))["endpoint_services"]).toMatchObject([{ id }]);
});

test("the owner ends a session of his cluster through whichever of its services it comes", async () => {
  const { server, owner, guest } = await startParties();
  const cluster = await owner.register("logs");
  const { id } = await addService(owner, cluster, 9201);
  await admit(owner, id, guest.accountId);
  const endpointId = String((await createEndpoint(guest, id))["id"]) as EndpointId;
  const source = { host: "10.0.0.2", port: 40_000 };
  const carried = { bytesIn: 0, bytesOut: 0, state: "established" } as const;
  server.gateways.sessions = [{ endpointId, source, clientPort: 80, ...carried }];
  const path = `/postern/v1/{p}/clusters/${cluster.id}/sessions/10.0.0.2:40000-80?endpoint=${endpointId}`;
  expect((await owner.call("DELETE", path)).status).toBe(204);
  expect(server.gateways.sessions).toEqual([]);
});

test("our own operations see every service of a cluster", async () => {
  const { owner, guest } = await startParties();
  const cluster = await owner.open("logs");
  const { id, service_name: name } = await addService(owner, cluster, 9201);
  const own = `/postern/v1/{p}/services/${String(id)}`;
  ok(await owner.call("POST", `${own}/permissions`, { vpc_permissions: [guest.accountId] }));
  const { id: endpoint } = await createEndpoint(guest, id);
  const list = ok(await owner.call("GET", "/postern/v1/{p}/services"));
  const opened = { cluster_id: cluster.id, cluster_name: "logs", origin: "css", connections: 1 };
  expect(list).toMatchObject({
    total_count: 2,
    services: expect.arrayContaining([expect.objectContaining(opened)]),
  });
  expect(ok(await owner.call("GET", `/postern/v1/{p}/services?name=${String(name)}`))).toMatchObject({
    services: [{ id, name, origin: "vpcep", connections: 1, approval_enabled: false }],
    total_count: 1,
  });

  expect(ok(await owner.call("GET", `${own}/connections`))).toMatchObject({
    connections: [{ id: endpoint, domain_id: guest.accountId }],
    permissions: [{ permission: `iam:domain::${guest.accountId}` }],
    vpcServiceName: name,
    total_count: 1,
  });
  const live = `/postern/v1/{p}/clusters/${cluster.id}/connections`;
  expect(ok(await owner.call("GET", `${live}?service_id=${String(id)}`))).toMatchObject({
    connections: [{ id: endpoint, service_id: id }],
  });
  expect(ok(await owner.call("PUT", `${live}/${String(endpoint)}`, { max_session: 7 }))["max_session"]).toBe(
    7,
  );
  const rejected = { action: "reject", endpoint_id_list: [endpoint] };
  ok(await owner.call("POST", `${own}/connections`, rejected));
  expect(ok(await owner.call("GET", `${own}/connections`))["connections"]).toMatchObject([
    { status: "rejected" },
  ]);

  expect(refusal(await guest.call("GET", `${own}/connections`))).toBe("404 CSS.0016");
  expect(refusal(await guest.call("POST", `${own}/connections`, rejected))).toBe("404 CSS.0016");
  expect(refusal(await guest.call("POST", `${own}/permissions`, { vpc_permissions: [] }))).toBe(
    "404 CSS.0016",
  );
  const other = await owner.open("metrics");
  const elsewhere = `/postern/v1/{p}/clusters/${other.id}/connections`;
  expect(refusal(await owner.call("GET", `${elsewhere}?service_id=${String(id)}`))).toBe("404 CSS.0016");
});

test("neither opening nor changing a service takes a server port that another one has", async () => {
  const { owner } = await startParties();
  const cluster = await owner.register("logs", { nodes: ["http://10.0.0.5:9200", "http://10.0.0.6:9201"] });
  const { id } = await addService(owner, cluster, 9200);
  expect(refusal(await cluster.call("POST", "/vpcepservice/open", {}))).toBe("409 EndPoint.3044");
  const other = await addService(owner, cluster, 9201);
  const change = (serverPort: number) =>
    owner.call("PUT", `${services}/${String(other["id"])}`, {
      ports: [{ client_port: 443, server_port: serverPort }],
    });
  expect(refusalCode(await change(9200))).toBe("400 EndPoint.3044");
  ok(await change(9201));
  expect((await owner.call("DELETE", `${services}/${String(id)}`)).status).toBe(204);
  ok(await change(9200));
});

test("a cluster goes with its services, but not while somebody is connected to one that VPCEP made", async () => {
  const { owner, guest, server } = await startParties();
  const cluster = await owner.open("logs", {});
  const more = await owner.register("more");
  const { id } = await addService(owner, more, 9200);
  await admit(owner, id, guest.accountId);
  const endpoint = await createEndpoint(guest, id);
  await server.attachAll();
  const removal = `/postern/v1/{p}/clusters/${more.id}`;
  expect(refusal(await more.call("DELETE", ""))).toBe("409 EndPoint.3006");
  expect(refusal(await owner.call("DELETE", removal))).toBe("409 EndPoint.3006");
  const connection = { action: "reject", endpoints: [endpoint["id"]] };
  ok(await owner.call("POST", `${services}/${String(id)}/connections/action`, connection));
  expect((await owner.call("DELETE", removal)).status).toBe(204);
  expect(refusalCode(await guest.call("GET", `/v1/{p}/vpc-endpoints/${String(endpoint["id"])}`))).toMatch(
    "404",
  );
  // What opening a cluster made is a part of it.
  expect((await cluster.call("DELETE", "")).status).toBe(200);
  expect(ok(await owner.call("GET", services))["total_count"]).toBe(0);
});

test("beyond the quota there is no further service, neither of VPCEP nor by opening a cluster", async () => {
  const { owner, server } = await startParties();
  const cluster = await owner.register("logs");
  await server.store.observe(async (tx) => {
    for (let n = 0; n < quotas.services; n += 1) {
      const { projectId } = owner;
      const ports = [{ clientPort: 80, serverPort: n + 10_000 }];
      const place = {
        id: uuid(n) as ServiceId,
        name: `n${n}`,
        clusterId: cluster.id as ClusterId,
        projectId,
      };
      await tx.services.insert(aService({ ...place, origin: "vpcep", ports }));
    }
  });
  expect(refusal(await cluster.call("POST", "/vpcepservice/open", {}))).toBe("400 CSS.0063");
  await expect(addService(owner, cluster, 9200)).rejects.toThrow("Endpoint.1018");
});
