import type { ApiAnswer } from "../api.ts";
import type { Chance } from "../chance.ts";
import { eventually } from "../eventually.ts";
import { startNode } from "../node.ts";
import type { SearchNode } from "../node.ts";
import type { Postern } from "../postern.ts";
import { ok } from "../service.ts";
import type { Endpoint } from "../service.ts";
import { isUsedUp } from "./name-model.ts";
import type { NamedEndpoint, NamedNetwork, NamedService, NodeOfService } from "./name-model.ts";

type Made = Endpoint & { readonly ip6?: string; readonly dns_name: string; readonly vpc_id: string };
type Step = readonly [kind: string, run: () => Promise<void>];

/** Networks and services in a running system, and everything that may happen to the names in them. */
export class NameWorld {
  postern: Postern;
  readonly networks: readonly NamedNetwork[];
  readonly services: readonly NamedService[];
  /** All that were ever made, the deleted ones too. */
  readonly endpoints: NamedEndpoint[] = [];

  constructor(postern: Postern, networks: readonly NamedNetwork[], services: readonly NamedService[]) {
    this.postern = postern;
    this.networks = networks;
    this.services = services;
  }

  /** Does something that can happen now, and returns what. @throws Error where an answer is not as it has to be */
  async step(chance: Chance): Promise<string> {
    const possible = this.#possible();
    // First what, then whom it happens to: otherwise most of it would be about endpoints, as these are many.
    const kind = chance.one(this.#kinds(possible));
    const [, run] = chance.one(possible.filter(([each]) => each === kind));
    await run();
    return kind;
  }

  async create(of: NamedService, network: NamedNetwork): Promise<void> {
    const { service, needsApproval, home } = of;
    const wish = {
      service: await service.name(),
      vpc_id: network.vpcId,
      enable_dns: true,
      dual_stack: network.isDual,
    };
    const answer = await network.consumer.api<Made>("POST", "/postern/v1/{pid}/endpoints", wish);
    const before = this.endpoints.filter((endpoint) => endpoint.network === network);
    if (isUsedUp(network, before)) {
      if (answer.status !== 400) throw new Error(`An address is not left to rest: ${answer.status}`);
      return;
    }
    enforced(answer);
    const isOwn = network.consumer === home.consumer;
    this.#learn(of, network, answer.body, needsApproval && !isOwn ? "pendingAcceptance" : "accepted");
  }

  /** Opens a service, which makes sure that its owner has an endpoint. */
  async open(of: NamedService): Promise<void> {
    const { service, home } = of;
    const wish = {
      endpoint_with_dns_name: true,
      profession_vpcep: true,
      approval_enabled: of.needsApproval,
    };
    enforced(await service.owner.api("POST", service.path("open"), wish));
    of.isOpen = true;
    const known = new Set(this.endpoints.map(({ id }) => id));
    for (const made of (await service.endpoints()) as Made[])
      if (!known.has(made.id)) this.#learn(of, home, made, "accepted");
  }

  /** What the API shows of nodes comes from the gateway: once it is right, so are the names. */
  async awaitNodes(): Promise<void> {
    type Cluster = { readonly nodes: readonly { readonly url: string; readonly healthy: boolean | null }[] };
    const path = "/postern/v1/{pid}/clusters/";
    for (const { service, nodes, isOpen } of this.services) {
      const isShown = async (): Promise<boolean> => {
        const shown = ok(await service.owner.api<Cluster>("GET", path + service.clusterId));
        return nodes.every((node) =>
          shown.nodes.some(({ url, healthy }) => url === node.url && healthy === node.isAlive),
        );
      };
      if (isOpen)
        await eventually(isShown, { timeoutMs: 20_000, what: "the API to show each node's health" });
    }
  }

  #learn(of: NamedService, network: NamedNetwork, made: Made, status: NamedEndpoint["status"]): void {
    const { id, dns_name: dnsName, ip, ip6 } = made;
    if (network.isDual !== (ip6 !== undefined)) throw new Error(`${id} has the wrong families`);
    // Other networks may have the same addresses.
    const neighbours = this.endpoints.filter((other) => other.network === network);
    const strangers = neighbours.filter((other) => other.ip === ip || (ip6 && other.ip6 === ip6));
    if (strangers.length > 0) throw new Error(`${ip} or ${ip6} was the address of ${strangers[0]?.id}`);
    this.endpoints.push({ id, dnsName, ip, ip6, network, of, status, isDeleted: false });
  }

  #possible(): readonly Step[] {
    const living = this.endpoints.filter(({ isDeleted }) => !isDeleted);
    const open = this.services.filter(({ isOpen }) => isOpen);
    const nodes = open.flatMap((service) => service.nodes);
    const ruled = living.filter(({ of }) => of.isOpen);
    return [
      ...this.services.filter(({ isOpen }) => !isOpen).map((of): Step => ["open", () => this.open(of)]),
      ...open.map((of): Step => ["close", () => this.#close(of)]),
      ...open.flatMap((of) =>
        this.networks.map((network): Step => ["create", () => this.create(of, network)]),
      ),
      ...ruled.map((each): Step =>
        each.status === "accepted"
          ? ["reject", () => this.#decide("reject", each)]
          : ["accept", () => this.#decide("receive", each)],
      ),
      ...living.map((each): Step => ["delete", () => this.#delete(each)]),
      ...nodes.map((node): Step => [node.isAlive ? "die" : "return", () => node.setAlive(!node.isAlive)]),
      ["restart", () => this.#restart()],
    ];
  }

  /** What can happen now; what brings names about more than once, so that there are some. */
  #kinds(possible: readonly Step[]): readonly string[] {
    const kinds = [...new Set(possible.map(([kind]) => kind))];
    const often = ["open", "create", "create", "accept", "return"].filter((kind) => kinds.includes(kind));
    return [...kinds, ...often];
  }

  async #close(of: NamedService): Promise<void> {
    enforced(await of.service.close());
    of.isOpen = false;
  }

  async #decide(action: "receive" | "reject", endpoint: NamedEndpoint): Promise<void> {
    enforced(await endpoint.of.service.decide(action, endpoint.id));
    endpoint.status = action === "receive" ? "accepted" : "rejected";
  }

  async #delete(endpoint: NamedEndpoint): Promise<void> {
    const { consumer } = endpoint.network;
    enforced(await consumer.api("DELETE", `/postern/v1/{pid}/endpoints/${endpoint.id}`));
    endpoint.isDeleted = true;
  }

  async #restart(): Promise<void> {
    const { gateway } = await this.postern.pids();
    process.kill(gateway, "SIGKILL");
    await eventually(async () => (await this.postern.pids()).gateway !== gateway, {
      what: "another gateway process",
    });
  }
}

function enforced(answer: ApiAnswer<unknown>): void {
  ok(answer);
  const said = answer.headers.get("x-postern-enforced");
  if (said !== "true") throw new Error(`The change was not enforced at once: ${said}`);
}

/**
 * A node that can die and come back where it was. It takes its time: a gateway that has just started does not know of it
 * at once, and whoever asks then is to be told nothing rather than something wrong.
 */
export class MortalNode implements NodeOfService {
  readonly url: string;
  #server: SearchNode | undefined;

  private constructor(server: SearchNode) {
    this.url = server.url;
    this.#server = server;
  }

  static async start(): Promise<MortalNode> {
    return new MortalNode(await startSlowNode(0));
  }

  get isAlive(): boolean {
    return this.#server !== undefined;
  }

  async setAlive(isAlive: boolean): Promise<void> {
    await this.#server?.stop();
    this.#server = isAlive ? await startSlowNode(Number(new URL(this.url).port)) : undefined;
  }
}

async function startSlowNode(port: number): Promise<SearchNode> {
  const node = await startNode({ port });
  node.behave({ delayMs: 150 });
  return node;
}
