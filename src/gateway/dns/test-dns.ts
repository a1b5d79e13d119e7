import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { decode, encode, type DecodedPacket, type Packet } from "dns-packet";
import type { EndpointId, NodeId, VpcId } from "../../domain/ids.ts";
import { endpointDnsName } from "../../domain/names.ts";
import type { Snapshot, SnapshotEndpoint } from "../../domain/snapshot.ts";
import { endpointId, uuid, vpcId } from "../../domain/test-fixtures.ts";
import { aSnapshot } from "../test-snapshot.ts";
import { Views, type View } from "./view.ts";

export const zone = "region-1.postern.internal";
export const name = nameOf(endpointId);
export const otherVpcId = uuid(70) as VpcId;
export const otherEndpointId = uuid(71) as EndpointId;
export const ttlS = 5;

/** What is known of the world besides a snapshot. */
export interface Reachability {
  readonly failed: ReadonlySet<EndpointId>;
  readonly isHealthy: (node: NodeId) => boolean | null;
}

/** All is well. */
export const reachable: Reachability = { failed: new Set(), isHealthy: () => true };

export function nameOf(id: EndpointId): string {
  return endpointDnsName(id, "region-1", "postern.internal");
}

/** Returns a snapshot of two networks with a name server and a named endpoint each; one service serves both. */
export function aNamedSnapshot(revision = 7, wish: Partial<SnapshotEndpoint> = {}): Snapshot {
  const snapshot = aSnapshot(revision, 1, { hasName: true, ...wish });
  const other = { ...snapshot.endpoints[0], id: otherEndpointId, vpcId: otherVpcId } as SnapshotEndpoint;
  const resolvers = [
    { vpcId, address: "127.80.0.10" },
    { vpcId: otherVpcId, address: "127.81.0.10" },
  ];
  return {
    ...snapshot,
    endpoints: [...snapshot.endpoints, { ...other, address: "127.81.0.2" }],
    dns: { zone: "postern.internal", resolvers },
  };
}

/** Returns what one of the two networks sees. */
export function aView(snapshot: Snapshot = aNamedSnapshot(), known: Reachability = reachable): View {
  const view = new Views(known.isHealthy, ttlS).update(snapshot, known.failed).get(vpcId);
  if (!view) throw new Error("the network has no name server");
  return view;
}

/** Returns a query as a resolver sends it. */
export function aQuery(question: string, type: string, wish: Packet = {}): Buffer {
  const questions = [{ type: type as "A", name: question }];
  return encode({ type: "query", id: 0x1234, questions, ...wish });
}

/** What an answer says, in short. */
export interface Said {
  readonly code: string;
  readonly flags: string;
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: number;
}

function records(list: Packet["answers"] = []): string[] {
  return list.map(
    (record) => `${record.name} ${record.type} ${JSON.stringify("data" in record ? record.data : "")}`,
  );
}

/** @throws Error where nothing was said, or what is no message */
export function read(answer: Buffer | undefined): Said & { readonly packet: DecodedPacket } {
  if (!answer) throw new Error("nothing was answered");
  const packet = decode(answer);
  const { rcode } = packet as DecodedPacket & { readonly rcode: string };
  const flags = ["qr", "aa", "tc", "rd", "ra", "ad", "cd"] as const;
  return {
    code: rcode,
    flags: flags.filter((flag) => packet[`flag_${flag}`]).join(" "),
    answers: records(packet.answers),
    authorities: records(packet.authorities).map((text) => text.replace(/ \{.*/, "")),
    additionals: packet.additionals?.length ?? 0,
    packet,
  };
}

/** Returns a port that nobody has at an address, over either transport. */
export async function freePort(address: string): Promise<number> {
  for (;;) {
    const server = createServer().listen({ host: address, port: 0, exclusive: true });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    const socket = createSocket("udp4");
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false));
      socket.bind({ address, port, exclusive: true }, () => resolve(true));
    });
    socket.close();
    if (isFree) return port;
  }
}

/**
 * Asks over UDP, as a resolver does. @param more what is sent right behind it
 * @returns the first answer @throws Error after 5 s without one
 */
export async function askDatagram(
  query: Buffer,
  address: string,
  port: number,
  ...more: readonly Buffer[]
): Promise<Buffer> {
  const socket = createSocket("udp4");
  try {
    for (const message of [query, ...more]) socket.send(message, port, address);
    const [reply] = (await once(socket, "message", { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    return reply;
  } finally {
    socket.close();
  }
}
