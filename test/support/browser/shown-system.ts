import { startNode, type SearchNode } from "../node.ts";
import { startPostern, type Postern } from "../postern.ts";
import { createEndpoint, ok, Service, showEndpoint, type Endpoint } from "../service.ts";
import { openSessions, refusalOf, type Session } from "../session.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import { eventually } from "../eventually.ts";
import { operatorAccount } from "./console-page.ts";

/** Somebody who signs in. */
export type Person = Tenant & { readonly account: string };

const guestAccount = "team-search";

/** A system as one sees it at work: two accounts, a cluster, endpoints in each state, and real sessions. */
export class ShownSystem {
  readonly postern: Postern;
  readonly owner: Person;
  readonly guest: Person;
  /** Of the cluster that the endpoints are for. */
  readonly service: Service;
  /** Of a cluster that every account may connect to, with a drained node and a dead one. */
  readonly troubled: Service;
  /** Of a cluster that is registered and not opened. */
  readonly closed: Service;
  /** Of the owner's, which hears of nothing. */
  readonly webhookId: string;
  readonly nodes: readonly SearchNode[];
  /** The guest's, by status. */
  readonly endpoints: Readonly<Record<"accepted" | "pendingAcceptance" | "rejected", Endpoint>>;
  readonly #sessions: readonly Session[];

  private constructor(parts: Omit<ShownSystem, "stop">, sessions: readonly Session[]) {
    this.postern = parts.postern;
    this.owner = parts.owner;
    this.guest = parts.guest;
    this.service = parts.service;
    this.troubled = parts.troubled;
    this.closed = parts.closed;
    this.webhookId = parts.webhookId;
    this.nodes = parts.nodes;
    this.endpoints = parts.endpoints;
    this.#sessions = sessions;
  }

  static async start(): Promise<ShownSystem> {
    const nodes = [await startNode({ name: "node-1" }), await startNode({ name: "node-2" })];
    const postern = await startPostern({ args: ["--webhook-allow", "127.0.0.0/8"] });
    const owner = { admin: postern.admin, api: postern.api, account: operatorAccount };
    const guest = { ...(await createTenant(postern, guestAccount)), account: guestAccount };
    const service = await Service.open(owner, "logs", nodes, {
      approval_enabled: "true",
      endpoint_with_dns_name: "true",
    });
    ok(await service.whitelist(guest.admin.account_id));
    const troubled = await openTroubled(owner, nodes);
    const closed = await Service.register(owner, "metrics", nodes.slice(0, 1));
    const reports = { name: "reports", cidr: "10.20.0.0/24", attachment: { kind: "none" } };
    ok(await guest.api("POST", "/postern/v1/{pid}/vpcs", reports));
    const { id: webhookId } = ok(
      await owner.api<{ readonly id: string }>("POST", "/postern/v1/{pid}/webhooks", {
        url: "http://127.0.0.1:9/postern",
        kinds: ["gateway.takeover"],
        description: "On-call",
      }),
    );
    const name = await service.name();
    const make = (description: string): Promise<Endpoint> => createEndpoint(guest, name, { description });
    const [accepted, rejected] = [await make("Search of the shop"), await make("Nightly reports")];
    const pendingAcceptance = await make("Dashboards");
    ok(await service.decide("receive", accepted.id));
    ok(await service.decide("reject", rejected.id));
    for (const refusing of [rejected, rejected, pendingAcceptance]) await refusalOf(refusing);
    const sessions = [
      ...(await openSessions(accepted, 12)),
      ...(await openSessions(await service.ownEndpoint(), 3)),
    ];
    await Promise.all(sessions.map((session) => session.echo("x".repeat(20_000))));
    await eventually(async () => (await showEndpoint(guest, accepted.id)).sessions === 12, {
      what: "the sessions in the figures",
    });
    return new ShownSystem(
      {
        postern,
        owner,
        guest,
        service,
        troubled,
        closed,
        webhookId,
        nodes,
        endpoints: { accepted, pendingAcceptance, rejected },
      },
      sessions,
    );
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.close();
    await this.postern.stop();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

type ShownNode = { readonly id: string; readonly url: string; readonly healthy: boolean | null };

/** Opens a cluster for everybody, drains its first node, and takes its last one away. */
async function openTroubled(owner: Person, nodes: readonly SearchNode[]): Promise<Service> {
  const dead = await startNode({ name: "node-3" });
  const service = await Service.open(owner, "docs", [...nodes, dead]);
  ok(await service.whitelist("*"));
  const path = `/postern/v1/{pid}/clusters/${service.clusterId}`;
  const nodeAt = async (url: string): Promise<ShownNode | undefined> =>
    ok(await owner.api<{ readonly nodes: readonly ShownNode[] }>("GET", path)).nodes.find(
      (node) => node.url === url,
    );
  const drained = await nodeAt(nodes[0]?.url ?? "");
  ok(await owner.api("POST", `${path}/nodes/${drained?.id}/drain`, {}));
  await dead.stop();
  await eventually(async () => (await nodeAt(dead.url))?.healthy === false, {
    what: "the death of a node to be known",
    timeoutMs: 30_000,
  });
  return service;
}
