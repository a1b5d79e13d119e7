import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import { openSession } from "../support/session.ts";
import type { Session } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";
import { anError } from "../support/wire.ts";

/** What belongs to the owner, and what a stranger would need to reach for it. */
type Prey = {
  cluster: string;
  registered: string;
  endpoint: string;
  vpc: string;
  subnet: string;
  service: string;
};

let postern: Postern;
let node: SearchNode;
let stranger: Tenant;
let service: Service;
let prey: Prey;
let session: Session;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  stranger = await createTenant(postern, "stranger");
  service = await Service.open(postern, "treasure", [node]);
  const registered = await Service.register(postern, "registered", [node]);
  const own = await service.ownEndpoint();
  const { vpcs } = ok(
    await postern.api<{ vpcs: { id: string; subnets: { id: string }[] }[] }>("GET", "/postern/v1/{pid}/vpcs"),
  );
  prey = {
    cluster: service.clusterId,
    registered: registered.clusterId,
    endpoint: own.id,
    vpc: vpcs[0]?.id ?? "",
    subnet: vpcs[0]?.subnets[0]?.id ?? "",
    service: await service.name(),
  };
  session = await openSession(own);
});
afterAll(async () => {
  session.close();
  await postern.stop();
  await node.stop();
});

type Row = {
  readonly operation: string;
  readonly method: string;
  /** `{pid}` is the project of whoever asks, unless the test puts the owner's there. */
  readonly path: (prey: Prey) => string;
  readonly body?: (prey: Prey) => object;
  /** What a stranger gets who names the owner's things in his own project; null: a list that must not show them. */
  readonly refusal: readonly [number, string] | null;
};

const css = (operation: string) => (p: Prey) => `/v1.0/{pid}/clusters/${p.cluster}/vpcepservice/${operation}`;
const unknownCluster = [403, "CSS.0015"] as const;
const unknownVpc = [400, "CSS.5021"] as const;
const unknownResource = [404, "CSS.0016"] as const;
const datastore = { type: "opensearch" };

/** Every operation of the API that belongs to a project. */
const table: readonly Row[] = [
  { operation: "StartVpcep", method: "POST", path: css("open"), body: () => ({}), refusal: unknownCluster },
  { operation: "StopVpcep", method: "PUT", path: css("close"), refusal: unknownCluster },
  { operation: "ShowVpcepConnection", method: "GET", path: css("connections"), refusal: unknownCluster },
  {
    operation: "UpdateVpcepConnection",
    method: "POST",
    path: css("connections"),
    body: (p) => ({ action: "reject", endpoint_id_list: [p.endpoint] }),
    refusal: unknownCluster,
  },
  {
    operation: "UpdateVpcepWhitelist",
    method: "POST",
    path: css("permissions"),
    body: () => ({ vpc_permissions: ["*"] }),
    refusal: unknownCluster,
  },
  { operation: "ListClustersDetails", method: "GET", path: () => "/v1.0/{pid}/clusters", refusal: null },
  {
    operation: "ShowClusterDetail",
    method: "GET",
    path: (p) => `/v1.0/{pid}/clusters/${p.cluster}`,
    refusal: unknownCluster,
  },
  {
    operation: "CreateCluster",
    method: "POST",
    path: () => "/v2.0/{pid}/clusters",
    body: () => ({ cluster: { name: "registered", datastore } }),
    refusal: [400, "CSS.6000"],
  },
  {
    operation: "CreateClusterV1",
    method: "POST",
    path: () => "/v1.0/{pid}/clusters",
    body: () => ({ cluster: { name: "registered" } }),
    refusal: [400, "CSS.6000"],
  },
  {
    operation: "DeleteCluster",
    method: "DELETE",
    path: (p) => `/v1.0/{pid}/clusters/${p.cluster}`,
    refusal: unknownCluster,
  },
  {
    operation: "ShowAutoCreatePolicy",
    method: "GET",
    path: (p) => `/v1.0/{pid}/clusters/${p.cluster}/index_snapshot/policy`,
    refusal: unknownCluster,
  },
  { operation: "ShowStatus", method: "GET", path: () => "/postern/v1/{pid}/status", refusal: null },
  {
    operation: "RegisterCluster",
    method: "POST",
    path: () => "/postern/v1/{pid}/clusters",
    body: (p) => ({ name: "mine", nodes: ["http://127.0.0.1:1"], probe: false, vpc_id: p.vpc }),
    refusal: unknownVpc,
  },
  {
    operation: "ListRegisteredClusters",
    method: "GET",
    path: () => "/postern/v1/{pid}/clusters",
    refusal: null,
  },
  {
    operation: "ShowRegisteredCluster",
    method: "GET",
    path: (p) => `/postern/v1/{pid}/clusters/${p.registered}`,
    refusal: unknownCluster,
  },
  {
    operation: "RemoveCluster",
    method: "DELETE",
    path: (p) => `/postern/v1/{pid}/clusters/${p.registered}`,
    refusal: unknownCluster,
  },
  {
    operation: "CreateVpc",
    method: "POST",
    path: () => "/postern/v1/{pid}/vpcs",
    body: () => ({ name: "outside", cidr: "10.0.0.0/24" }),
    refusal: [400, "CSS.5038"],
  },
  { operation: "ListVpcs", method: "GET", path: () => "/postern/v1/{pid}/vpcs", refusal: null },
  {
    operation: "ShowVpc",
    method: "GET",
    path: (p) => `/postern/v1/{pid}/vpcs/${p.vpc}`,
    refusal: unknownVpc,
  },
  {
    operation: "UpdateVpc",
    method: "PUT",
    path: (p) => `/postern/v1/{pid}/vpcs/${p.vpc}`,
    body: () => ({ attachment: { kind: "none" } }),
    refusal: unknownVpc,
  },
  {
    operation: "DeleteVpc",
    method: "DELETE",
    path: (p) => `/postern/v1/{pid}/vpcs/${p.vpc}`,
    refusal: unknownVpc,
  },
  {
    operation: "CreateConsumerEndpoint",
    method: "POST",
    path: () => "/postern/v1/{pid}/endpoints",
    body: (p) => ({ service: p.service }),
    refusal: [400, "EndPoint.2012"],
  },
  {
    operation: "ListConsumerEndpoints",
    method: "GET",
    path: () => "/postern/v1/{pid}/endpoints",
    refusal: null,
  },
  {
    operation: "ShowConsumerEndpoint",
    method: "GET",
    path: (p) => `/postern/v1/{pid}/endpoints/${p.endpoint}`,
    refusal: unknownResource,
  },
  {
    operation: "DeleteConsumerEndpoint",
    method: "DELETE",
    path: (p) => `/postern/v1/{pid}/endpoints/${p.endpoint}`,
    refusal: unknownResource,
  },
  {
    operation: "ListConnections",
    method: "GET",
    path: (p) => `/postern/v1/{pid}/clusters/${p.cluster}/connections`,
    refusal: unknownCluster,
  },
  {
    operation: "UpdateConnectionCap",
    method: "PUT",
    path: (p) => `/postern/v1/{pid}/clusters/${p.cluster}/connections/${p.endpoint}`,
    body: () => ({ max_session: 1 }),
    refusal: unknownCluster,
  },
  {
    operation: "UpdateOpenedService",
    method: "PUT",
    path: (p) => `/postern/v1/{pid}/clusters/${p.cluster}/service`,
    body: () => ({ approval_enabled: true }),
    refusal: unknownCluster,
  },
];

/** What gateways count again and again, and not at the same moment. */
const counted = new Set(["sessions", "new_sessions", "bytes_in", "bytes_out"]);

/** All that the owner can see of his own, less what changes by itself. */
async function belongings(): Promise<unknown> {
  const paths = ["/postern/v1/{pid}/clusters", "/postern/v1/{pid}/vpcs", "/v1.0/{pid}/clusters"];
  const answers = await Promise.all(paths.map(async (path) => ok(await postern.api("GET", path))));
  return JSON.parse(
    JSON.stringify([await service.connections(), ...answers], (key, value: unknown) =>
      counted.has(key) ? undefined : value,
    ),
  );
}

describe.each(table)("$operation", ({ method, path, body, refusal }) => {
  test("does not serve a stranger in the owner's project", async () => {
    const before = await belongings();
    const owners = path(prey).replaceAll("{pid}", postern.admin.project_id);
    const answer = await stranger.api(method, owners, body?.(prey));
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual(anError("CSS.0015", /not valid for project/));
    expect(await belongings()).toEqual(before);
  });

  test("does not reach from a stranger's project into the owner's", async () => {
    const before = await belongings();
    const answer = await stranger.api(method, path(prey), body?.(prey));
    const [status, code] = refusal ?? [200, undefined];
    expect(answer.status).toBe(status);
    expect(answer.body["errCode"]).toBe(code);
    // Not even in a message: but for what the stranger has named himself.
    const named = path(prey) + JSON.stringify(body?.(prey) ?? {});
    const shown = JSON.stringify(answer.body);
    const secrets = Object.values(prey).filter((id) => !named.includes(id));
    expect(secrets.filter((id) => shown.includes(id))).toEqual([]);
    expect(await belongings()).toEqual(before);
  });
});

const countsOf = async ({ api }: Pick<Tenant, "api">) =>
  ok(await api<{ counts: { sessions: number } }>("GET", "/postern/v1/{pid}/status")).counts;

describe("and besides", () => {
  test("the owner's session has lived through all of it", async () => {
    await expect(session.echo()).resolves.toBeUndefined();
  });

  test("nor does it show in a stranger's figures that there is one", async () => {
    await eventually(async () => (await countsOf(postern)).sessions === 1, { what: "the owner's session" });
    expect(await countsOf(stranger)).toEqual({
      clusters: 0,
      services: 0,
      endpoints: 0,
      sessions: 0,
      unattached: 0,
    });
  });

  test("only an operator manages accounts", async () => {
    for (const answer of [
      await stranger.api("GET", "/postern/v1/accounts"),
      await stranger.api("POST", "/postern/v1/accounts", { name: "accomplice" }),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.body).toEqual(anError("CSS.5045"));
    }
  });

  test("a service is not found by the name or id of another project's cluster", async () => {
    for (const named of ["treasure", prey.cluster]) {
      const answer = await stranger.api("POST", "/postern/v1/{pid}/endpoints", { service: named });
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual(anError("CSS.0016"));
    }
  });

  test("a guest of the service rules neither over itself nor over the owner's network", async () => {
    ok(await service.whitelist(stranger.admin.account_id));
    const guest = await createEndpoint(stranger, prey.service);
    ok(await service.decide("reject", guest.id));
    const accept = { action: "receive", endpoint_id_list: [guest.id] };
    expect(await stranger.api("POST", service.path("connections"), accept)).toMatchObject({ status: 403 });
    for (const place of [{ vpc_id: prey.vpc }, { subnet_id: prey.subnet }]) {
      const body = { service: prey.service, ...place };
      const answer = await stranger.api("POST", "/postern/v1/{pid}/endpoints", body);
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual(anError("CSS.5021"));
    }
    // Nor does the owner of the service own the guest's endpoint.
    expect(await postern.api("DELETE", `/postern/v1/{pid}/endpoints/${guest.id}`)).toMatchObject({
      status: 404,
    });
  });

  test("nobody but a gateway gets what gateways are told", async () => {
    const { gateways } = ok(
      await postern.api<{ gateways: { id: string }[] }>("GET", "/postern/v1/{pid}/status"),
    );
    for (const { api } of [postern, stranger]) {
      const path = `/postern/v1/gateways/${gateways[0]?.id}`;
      expect(await api("GET", `${path}/snapshot`)).toMatchObject({ status: 401 });
      expect(await api("POST", `${path}/report`, {})).toMatchObject({ status: 401 });
    }
  });
});
