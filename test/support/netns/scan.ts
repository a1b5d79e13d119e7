import { cameThrough, toldTooMuch } from "./breaches.ts";
import { addresses } from "./dual-lab.ts";
import type { DualLab } from "./dual-lab.ts";
import { endpointPort } from "./lone-gateway.ts";
import { addressBytes, tcpFlag } from "./packets.ts";
import type { Packet } from "./packets.ts";
import type { Seen } from "./seen.ts";

type Segment = Extract<Packet, { kind: "tcp" }>;

/** Sentinels come from here on: above the ports of scans. */
const firstSentinelPort = 64_000;

/** A consumer of `a` who sends what he likes, while every end of every other cable is watched. */
export class Scan {
  readonly #lab: DualLab;
  readonly #endpoints: readonly string[];
  #sentinels = 0;

  /** @param endpoints all addresses of endpoints in `a` */
  constructor(lab: DualLab, endpoints: readonly string[]) {
    this.#lab = lab;
    this.#endpoints = endpoints;
  }

  /** Sends packets and gives what they have brought about that must not be. */
  async send(packets: readonly Packet[]): Promise<string[]> {
    const { wire, gatewayHardware } = this.#lab.sites.a;
    return await this.during(async () => {
      await wire.call("send", gatewayHardware, packets);
      return [];
    });
  }

  /** As `send`; each packet is a TCP segment, and has to be answered with a reset, too: nobody is kept waiting. */
  async sendRefused(packets: readonly Segment[]): Promise<string[]> {
    const { wire } = this.#lab.sites.a;
    const breaches = await this.send(packets);
    const resets = new Set((await wire.call("seen")).filter(isReset).map(endsOf));
    return [...breaches, ...unanswered(packets, resets, "reset")];
  }

  /** As `send`; each packet begins a session, and has to be answered by a node, too. */
  async sendAdmitted(packets: readonly Segment[]): Promise<string[]> {
    const { wire } = this.#lab.sites.a;
    const breaches = await this.send(packets);
    const answers = (await wire.call("seen")).filter(({ flags }) => flags === (tcpFlag.syn | tcpFlag.ack));
    const admitted = new Set(answers.map(endsOf));
    return [...breaches, ...unanswered(packets, admitted, "answer")];
  }

  /** Asks for the link-layer addresses of IPv4 or IPv6 addresses: nobody is to tell. */
  async askFor(targets: readonly string[]): Promise<string[]> {
    const { wire, gatewayHardware } = this.#lab.sites.a;
    return await this.during(async () => {
      for (const target of targets) {
        if (target.includes(":")) await wire.call("send", gatewayHardware, [solicitation(target)]);
        else await wire.call("askFor", target, addresses.consumer[0]);
      }
      return [];
    });
  }

  /** Gives the breaches that anything of the consumer's has brought about, besides those that `work` itself finds. */
  async during(work: () => Promise<readonly string[]>): Promise<string[]> {
    const { sites, providerWire, bystander } = this.#lab;
    const wires = [sites.a.wire, sites.b.wire, sites.n.wire, providerWire] as const;
    await Promise.all(wires.map((wire) => wire.call("forget")));
    await bystander.call("heard");
    const found = await work();
    const unsettled = await this.#settle();
    const [a = [], b = [], n = [], provider = []] = await Promise.all(wires.map((wire) => wire.call("seen")));
    const heard = await bystander.call("heard");
    const others = addresses.endpoint;
    return [
      ...found,
      ...unsettled,
      ...toldTooMuch(a, { endpoints: this.#endpoints, gatewayHardware: sites.a.gatewayHardware }),
      ...toldTooMuch(b, { endpoints: others, gatewayHardware: sites.b.gatewayHardware }),
      ...toldTooMuch(n, { endpoints: others, gatewayHardware: sites.n.gatewayHardware }),
      ...cameThrough("b", b, others),
      ...cameThrough("n", n, others),
      ...cameThrough("the servers", provider, addresses.gateway),
      ...heard.map((who) => `a program of the gateway's host heard ${who}`),
    ];
  }

  /** Frames keep their order: what a node has answered to came after everything before it. Gives who was silent. */
  async #settle(): Promise<string[]> {
    const { wire, gatewayHardware } = this.#lab.sites.a;
    const silent: string[] = [];
    for (const [index, destination] of addresses.endpoint.entries()) {
      const sourcePort = firstSentinelPort + (this.#sentinels++ % 1_000);
      const source = addresses.consumer[index] ?? "";
      const packet = { kind: "tcp", source, destination, sourcePort, port: endpointPort } as const;
      const isAnswered = await wire.call("exchange", gatewayHardware, packet);
      if (!isAnswered) silent.push(`the endpoint ${destination} answers no more`);
    }
    return silent;
  }
}

/** RFC 4861, section 4.3; to the gateway's own link-layer address, whatever group the target would be in. */
function solicitation(target: string): Packet {
  const body = `00000000${addressBytes(target).toString("hex")}`;
  return { kind: "icmp", source: addresses.consumer[1], destination: target, ttl: 255, type: 135, body };
}

function unanswered(sent: readonly Segment[], answered: ReadonlySet<string>, what: string): string[] {
  return sent
    .filter(({ source, sourcePort, destination, port }) => {
      return !answered.has(`${destination} ${port} ${source} ${sourcePort}`);
    })
    .map(({ destination, port }) => `no ${what} came from ${destination} port ${port}`);
}

function isReset({ protocol, flags }: Seen): boolean {
  return protocol === 6 && (flags & tcpFlag.rst) !== 0;
}

function endsOf({ source, sourcePort, destination, port }: Seen): string {
  return `${source} ${sourcePort} ${destination} ${port}`;
}
