import { startTestServer, type Answer, type Json, type Tenant, type TestServer } from "../test-server.ts";

/** Two accounts: one with a cluster, and one that wants to connect to it. */
export interface Parties {
  readonly server: TestServer;
  readonly owner: Tenant;
  readonly guest: Tenant;
}

export async function startParties(): Promise<Parties> {
  const server = await startTestServer();
  return { server, owner: await server.tenant("owner"), guest: await server.tenant("guest") };
}

/** Where a tenant's things live unless he says otherwise. */
export async function networkOf(tenant: Tenant): Promise<{ vpc_id: string; subnet_id: string }> {
  const { body } = await tenant.call("GET", "/postern/v1/{p}/vpcs");
  const [vpc] = body["vpcs"] as { id: string; subnets: { id: string }[] }[];
  const [subnet] = vpc?.subnets ?? [];
  if (!vpc || !subnet) throw new Error("the tenant has no network");
  return { vpc_id: vpc.id, subnet_id: subnet.id };
}

/** Registers a cluster and makes an endpoint service for it; returns the service. */
export async function createService(owner: Tenant, name: string, wish: Json = {}): Promise<Json> {
  const cluster = await owner.register(name);
  const { vpc_id } = await networkOf(owner);
  const ports = [{ client_port: 80, server_port: 9200 }];
  const body = { port_id: cluster.id, vpc_id, server_type: "LB", ports, service_name: name, ...wish };
  return ok(await owner.call("POST", "/v1/{p}/vpc-endpoint-services", body));
}

/** Makes an endpoint as the answer shows it. */
export async function createEndpoint(guest: Tenant, serviceId: unknown, wish: Json = {}): Promise<Json> {
  const body = { endpoint_service_id: serviceId, ...(await networkOf(guest)), ...wish };
  return ok(await guest.call("POST", "/v1/{p}/vpc-endpoints", body));
}

/** Puts an account on a service's whitelist. */
export async function admit(owner: Tenant, serviceId: unknown, permission: string): Promise<void> {
  const path = `/v1/{p}/vpc-endpoint-services/${String(serviceId)}/permissions/action`;
  ok(await owner.call("POST", path, { action: "add", permissions: [permission] }));
}

/** Returns the body of an answer that is 200. */
export function ok(answer: Answer): Json {
  if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** Returns `STATUS CODE` of an answer that refuses with exactly the two published keys. */
export function refusalCode({ status, body, text }: Answer): string {
  const message = String(body["error_msg"]);
  if (Object.keys(body).toSorted().join() !== "error_code,error_msg" || message.length < 10) {
    throw new Error(`this is no error body of the endpoint service: ${status} ${text}`);
  }
  return `${status} ${String(body["error_code"])}`;
}
