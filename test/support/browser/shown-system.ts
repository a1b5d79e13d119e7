import { startNode, type SearchNode } from "../node.ts";
import { startPostern, type Postern } from "../postern.ts";
import { createEndpoint, ok, Service, showEndpoint, type Endpoint } from "../service.ts";
import { openSessions, type Session } from "../session.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import { eventually } from "../eventually.ts";
import { operatorAccount } from "./console-page.ts";

/** Somebody who signs in. */
export type Person = Tenant & { readonly account: string };

/** A page of the console, below `/console`, and who sees most in it. */
export type Route = { readonly name: string; readonly path: string; readonly person: Person };

const guestAccount = "team-search";

/** A system as one sees it at work: two accounts, a cluster, endpoints in each state, and real sessions. */
export class ShownSystem {
  readonly postern: Postern;
  readonly owner: Person;
  readonly guest: Person;
  readonly service: Service;
  readonly nodes: readonly SearchNode[];
  /** The guest's, by status. */
  readonly endpoints: Readonly<Record<"accepted" | "pendingAcceptance" | "rejected", Endpoint>>;
  readonly #sessions: readonly Session[];

  private constructor(parts: Omit<ShownSystem, "stop" | "routes">, sessions: readonly Session[]) {
    this.postern = parts.postern;
    this.owner = parts.owner;
    this.guest = parts.guest;
    this.service = parts.service;
    this.nodes = parts.nodes;
    this.endpoints = parts.endpoints;
    this.#sessions = sessions;
  }

  static async start(): Promise<ShownSystem> {
    const nodes = [await startNode({ name: "node-1" }), await startNode({ name: "node-2" })];
    const postern = await startPostern();
    const owner = { admin: postern.admin, api: postern.api, account: operatorAccount };
    const guest = { ...(await createTenant(postern, guestAccount)), account: guestAccount };
    const service = await Service.open(owner, "logs", nodes, {
      approval_enabled: "true",
      endpoint_with_dns_name: "true",
    });
    ok(await service.whitelist(guest.admin.account_id));
    const name = await service.name();
    const make = (description: string): Promise<Endpoint> => createEndpoint(guest, name, { description });
    const [accepted, rejected] = [await make("Search of the shop"), await make("Nightly reports")];
    const pendingAcceptance = await make("Dashboards");
    ok(await service.decide("receive", accepted.id));
    ok(await service.decide("reject", rejected.id));
    const sessions = [
      ...(await openSessions(accepted, 12)),
      ...(await openSessions(await service.ownEndpoint(), 3)),
    ];
    await Promise.all(sessions.map((session) => session.echo("x".repeat(20_000))));
    await eventually(async () => (await showEndpoint(guest, accepted.id)).sessions === 12, {
      what: "the sessions in the figures",
    });
    return new ShownSystem(
      { postern, owner, guest, service, nodes, endpoints: { accepted, pendingAcceptance, rejected } },
      sessions,
    );
  }

  /** Every page that there is. */
  async routes(): Promise<readonly Route[]> {
    const { owner, guest } = this;
    const { vpcs } = ok(
      await guest.api<{ readonly vpcs: readonly { readonly id: string }[] }>("GET", "/postern/v1/{pid}/vpcs"),
    );
    return [
      { name: "clusters", path: "/clusters", person: owner },
      { name: "endpoints", path: "/endpoints", person: guest },
      { name: "endpoint-create", path: "/endpoints/create", person: guest },
      { name: "endpoint", path: `/endpoints/${this.endpoints.accepted.id}`, person: guest },
      { name: "endpoint-rejected", path: `/endpoints/${this.endpoints.rejected.id}`, person: guest },
      { name: "networks", path: "/networks", person: guest },
      { name: "network", path: `/networks/${vpcs[0]?.id ?? ""}`, person: guest },
      { name: "gateways", path: "/gateways", person: owner },
      { name: "activity", path: "/activity", person: owner },
      { name: "webhooks", path: "/webhooks", person: owner },
    ];
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.close();
    await this.postern.stop();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}
