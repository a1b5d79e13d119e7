import { afterAll, beforeAll, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { expectSevered, expectUntouched, ObservedSessions } from "../support/observed-sessions.ts";
import { onAnswer } from "../support/on-answer.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Endpoint } from "../support/service.ts";
import { refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";

const pumped = 4;
const idle = 8;

let postern: Postern;
let tenant: Tenant;
let node: SearchNode;
let otherNode: SearchNode;
let other: Service;
beforeAll(async () => {
  node = await startNode();
  otherNode = await startNode({ name: "node-2" });
  postern = await startPostern();
  tenant = await createTenant(postern, "consumer");
  other = await Service.open(postern, "other", [otherNode]);
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
  await otherNode.stop();
});

type Revocation = {
  readonly what: string;
  readonly call: (service: Service, target: Endpoint) => { method: string; path: string; body?: object };
  readonly caller: () => Tenant;
  /** Whether the other endpoints of the same cluster must stay. */
  readonly sparesCluster: boolean;
  /** What a new session sees afterwards. */
  readonly refusal: string;
};

const revocations: readonly Revocation[] = [
  {
    what: "reject",
    call: (service, { id }) => ({
      method: "POST",
      path: service.path("connections"),
      body: { action: "reject", endpoint_id_list: [id] },
    }),
    caller: () => postern,
    sparesCluster: true,
    refusal: "ECONNRESET",
  },
  {
    what: "removal from the whitelist",
    call: (service) => ({
      method: "POST",
      path: service.path("permissions"),
      body: { vpc_permissions: [postern.admin.account_id] },
    }),
    caller: () => postern,
    sparesCluster: true,
    refusal: "ECONNRESET",
  },
  {
    what: "deletion of the endpoint by its consumer",
    call: (_, { id }) => ({ method: "DELETE", path: `/postern/v1/{pid}/endpoints/${id}` }),
    caller: () => tenant,
    sparesCluster: true,
    refusal: "ECONNREFUSED",
  },
  {
    what: "close",
    call: (service) => ({ method: "PUT", path: service.path("close") }),
    caller: () => postern,
    sparesCluster: false,
    refusal: "ECONNRESET",
  },
  {
    what: "deletion of the cluster",
    call: (service) => ({ method: "DELETE", path: `/v1.0/{pid}/clusters/${service.clusterId}` }),
    caller: () => postern,
    sparesCluster: false,
    refusal: "ECONNREFUSED",
  },
];

test.each(revocations)(
  "after the answer to $what not one byte passes, and the neighbours notice nothing",
  async ({ what, call, caller, sparesCluster, refusal }) => {
    const name = what.replaceAll(" ", "-").slice(0, 30);
    const service = await Service.open(postern, name, [node]);
    ok(await service.whitelist(postern.admin.account_id, tenant.admin.account_id));
    const target = await createEndpoint(tenant, await service.name());
    const sessions = await ObservedSessions.open(target, node, pumped + idle);
    const neighbours = [await ObservedSessions.open(await other.ownEndpoint(), otherNode, 3)];
    if (sparesCluster) neighbours.push(await ObservedSessions.open(await service.ownEndpoint(), node, 3));
    await Promise.all([sessions.pump(pumped), ...neighbours.map((neighbour) => neighbour.pump(1))]);

    const answer = await onAnswer(caller().admin, call(service, target), () => sessions.mark());

    expect(answer).toMatchObject({ enforced: "true", severed: String(pumped + idle) });
    expect([200, 204]).toContain(answer.status);
    expect(await refusalOf(target)).toBe(refusal);
    await expectSevered(sessions);
    for (const neighbour of neighbours) {
      await expectUntouched(neighbour, 1);
      neighbour.close();
    }
  },
);
