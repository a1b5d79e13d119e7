/** Random states that an engine may be told to bring about, for tests. */
import type { Chance } from "../../../test/support/chance.ts";
import type { DesiredEndpoint, DesiredNetwork, DesiredNode, KernelAttachment } from "../../domain/desired.ts";
import type { EndpointId, ServiceId, VpcId } from "../../domain/ids.ts";
import type { RefusalReason } from "../../domain/refusal.ts";

export interface DesiredState {
  readonly endpoints: readonly DesiredEndpoint[];
  readonly networks: readonly DesiredNetwork[];
}

/** Interfaces that the host has, and one namespace; more states name one interface that it lacks. */
export const devices = ["vpc1", "vpc2"] as const;
const lacking = "vpc9";

const firstNumber = 16_777_217;
const mostEndpoints = 8;
const cidrs = [
  ["10.0.0.0/24"],
  ["10.0.0.0/24", "fd00::/64"],
  ["10.0.0.0/16", "10.0.0.0/24", "fd00::/48"],
  ["fd00::/64"],
] as const;
const addresses = ["10.0.0.5", "10.0.0.6", "10.0.0.7", "fd00::5", "fd00::6"];
const hosts = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"];
const sources = ["10.0.0.0/25", "10.0.0.9", "10.0.0.0/24", "fd00::/65", "fd00::9"];
const refusals: readonly (RefusalReason | null)[] = [
  null,
  null,
  null,
  "not_accepted",
  "not_whitelisted",
  "service_closed",
];

/** @param namespace an existing network namespace */
export function aState(chance: Chance, namespace: string): DesiredState {
  const networks = someNetworks(chance, namespace);
  const services = ["logs", "metrics", "nobody"].map((name) => ({
    id: name as ServiceId,
    nodes: name === "nobody" ? [] : someNodes(chance),
  }));
  const free = new Map(networks.map(({ id }) => [id, [...addresses]]));
  const endpoints: DesiredEndpoint[] = [];
  for (let index = 0; index < mostEndpoints && networks.length > 0; index += 1) {
    const { id } = chance.one(networks);
    const left = free.get(id) ?? [];
    if (left.length === 0 || chance.below(4) === 0) continue;
    const [address = ""] = left.splice(chance.below(left.length), 1);
    endpoints.push(anEndpoint(chance, index, id, address, chance.one(services)));
  }
  return { networks, endpoints };
}

function someNetworks(chance: Chance, namespace: string): readonly DesiredNetwork[] {
  // The networks may swap their interfaces.
  const [first, second] = chance.below(2) === 0 ? devices : devices.toReversed();
  const attachments: readonly KernelAttachment[] = [
    { kind: "interface", device: first ?? lacking },
    { kind: "interface", device: second ?? lacking },
    { kind: "netns", namespace },
    { kind: "interface", device: lacking },
  ];
  return (
    attachments
      .map((attachment, index) => ({
        id: `network-${index}` as VpcId,
        // Not one after another: they lie in groups by their lowest bits.
        number: [1, 33, 2, 7][index] ?? 0,
        attachment,
        cidrs: chance.one(cidrs),
      }))
      // To lay a cable into a namespace takes the kernel longer than all else.
      .filter(
        ({ attachment }) => chance.below(4) !== 0 && (attachment.kind !== "netns" || chance.below(4) === 0),
      )
  );
}

function someNodes(chance: Chance): readonly DesiredNode[] {
  return chance.some(hosts).map((host) => ({ host, port: 9200 }));
}

function anEndpoint(
  chance: Chance,
  index: number,
  network: VpcId,
  address: string,
  service: { readonly id: ServiceId; readonly nodes: readonly DesiredNode[] },
): DesiredEndpoint {
  return {
    id: `endpoint-${index}` as EndpointId,
    address,
    clientPorts: chance.one([[9200], [9200, 9300], [80, 443, 9200]]),
    maxSession: chance.one([1, 3_000, 10_000, 20_000, 1_000_000]),
    refusal: chance.one(refusals),
    nodes: service.nodes,
    ...chance.maybe(() => ({ sources: chance.some(sources) })),
    ...chance.maybe(() => ({ serverPorts: [{ clientPort: 9200, serverPort: 9201 }] })),
    kernel: {
      network,
      service: service.id,
      number: firstNumber + index,
      ...chance.maybe(() => ({ connectionRate: chance.one([1, 50]) })),
      ...chance.maybe(() => ({ byteRate: chance.one([1_000, 1_000_000]) })),
    },
  };
}
