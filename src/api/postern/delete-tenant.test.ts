import { describe, expect, test } from "vitest";
import { refusal, startTestServer, type Tenant } from "../test-server.ts";

async function start() {
  const server = await startTestServer();
  const operator = await server.tenant("operator", true);
  return { server, operator, tenant: await server.tenant("tenant") };
}
const ofAccount = ({ accountId }: Tenant) => `/postern/v1/accounts/${accountId}`;

describe("an account", () => {
  test("goes with its projects, users, keys and tokens, at once", async () => {
    const { server, operator, tenant } = await start();
    await tenant.call("POST", "/v3/projects", { project: { name: "second" } });
    expect((await operator.call("DELETE", ofAccount(tenant))).status).toBe(204);
    expect((await tenant.call("GET", "/v3/auth/domains")).status).toBe(401);
    expect(await server.store.identity.accessKey("AKtenant")).toBeUndefined();
    expect(await server.store.identity.projects(tenant.accountId)).toEqual([]);
    expect(await server.store.networks.loopbackVpcs()).toHaveLength(1);
    expect(refusal(await operator.call("GET", ofAccount(tenant)))).toBe("404 CSS.0016");
    // Its name is free again.
    await server.tenant("tenant");
  });

  test("with a cluster, an endpoint or a network of its own stays, as a rehearsal too", async () => {
    const { operator, tenant } = await start();
    const cluster = await operator.open("logs");
    await cluster.call("POST", "/vpcepservice/permissions", { vpc_permissions: ["*"] });
    const remove = async (headers = {}) =>
      refusal(await operator.call("DELETE", ofAccount(tenant), undefined, headers));
    const { vpcServiceName } = await cluster.connections();
    const endpoint = await tenant.connect(vpcServiceName);
    expect(await remove()).toBe("409 EndPoint.3006");
    expect(await remove({ "x-postern-dry-run": "true" })).toBe("409 EndPoint.3006");
    expect((await tenant.call("GET", "/v3/auth/domains")).status).toBe(200);
    await tenant.call("DELETE", `/postern/v1/{p}/endpoints/${endpoint}`);
    const own = await tenant.register("own");
    expect(await remove()).toBe("409 EndPoint.3006");
    await tenant.call("DELETE", `/postern/v1/{p}/clusters/${own.id}`);
    const vpc = await tenant.call("POST", "/postern/v1/{p}/vpcs", { name: "edge" });
    expect(await remove()).toBe("409 EndPoint.3006");
    await tenant.call("DELETE", `/postern/v1/{p}/vpcs/${String(vpc.body["id"])}`);
    expect((await operator.call("DELETE", ofAccount(tenant))).status).toBe(204);
  });

  test("is never one's own, nor deleted by anybody but an operator", async () => {
    const { operator, tenant } = await start();
    expect(refusal(await operator.call("DELETE", ofAccount(operator)))).toBe("400 CSS.5090");
    expect(refusal(await tenant.call("DELETE", ofAccount(operator)))).toBe("403 CSS.5045");
    expect(refusal(await tenant.call("DELETE", ofAccount(tenant)))).toBe("403 CSS.5045");
  });
});

describe("a project", () => {
  test("goes with its tokens and its unused default network; users stay", async () => {
    const { server, tenant } = await start();
    const made = await tenant.call("POST", "/v3/projects", { project: { name: "second" } });
    const path = `/postern/v1/projects/${(made.body["project"] as { id: string }).id}`;
    expect((await tenant.call("GET", path)).body).toMatchObject({
      name: "second",
      account_id: tenant.accountId,
    });
    const stranger = await server.tenant("stranger");
    expect(refusal(await stranger.call("DELETE", path))).toBe("404 CSS.0016");
    expect((await tenant.call("DELETE", path)).status).toBe(204);
    expect(refusal(await tenant.call("GET", path))).toBe("404 CSS.0016");
    expect((await tenant.call("GET", "/v3/auth/domains")).status).toBe(200);
  });

  test("that one is signed in to stays", async () => {
    const { tenant } = await start();
    const path = `/postern/v1/projects/${tenant.projectId}`;
    expect(refusal(await tenant.call("DELETE", path))).toBe("400 CSS.5090");
  });
});
