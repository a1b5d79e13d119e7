import { Address6 } from "ip-address";
import { ipv4FromNumber } from "../../../lib/ipv4.ts";
import { addressBytes } from "../conntrack/conntrack.ts";
import type { Libc } from "../libc.ts";
import { readAttributes, attributeAt, readText, type Attributes } from "../netlink/attributes.ts";
import { MessageWriter } from "../netlink/message-writer.ts";
import { messageFlag, netlinkProtocol, NetlinkSocket, type NetlinkError } from "../netlink/netlink-socket.ts";
import type { Change, Family, Item, Proxy, Route, Rule } from "./item.ts";
import { localPreference, localTable } from "./routing.ts";

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  /** There is something at the other end. */
  readonly hasCarrier: boolean;
  /** As in `02:00:00:00:00:01`; undefined where links of the kind have none that ARP can use. */
  readonly hardwareAddress?: string;
  /** Index of the other end of a cable, in its own namespace. */
  readonly peer?: number;
  /** Index of the bridge or the like that takes what arrives here. */
  readonly master?: number;
  /** `veth`, `bridge`, ...; undefined for hardware. */
  readonly type?: string;
}

export interface InterfaceAddress {
  readonly index: number;
  readonly address: string;
  readonly prefixLength: number;
}

// uapi/linux/rtnetlink.h, if_link.h, fib_rules.h, neighbour.h
const base = { link: 16, address: 20, route: 24, neighbour: 28, rule: 32 } as const;
const getOffset = 2;
const deleteOffset = 1;
const familyNumber = { 4: 2, 6: 10 } as const;
/** Who made a route, rule or proxy ("protocol"): what has this number is Postern's, and nothing else is. */
const origin = 80;
const kernelOrigin = 2;
const upFlag = 1;
const carrierFlag = 0x1_0000;
const proxyFlag = 8;
const noDuplicateCheck = 2;
const mainTable = 254;
const ruleAction = { lookup: 1, goto: 2, unreachable: 7 } as const;
const ethernet = 1;
/** What is sent in one piece: the kernel answers refusals into a buffer that has an end. */
const changesAtOnce = 500;
/** Selectors of rules other than marks. */
const otherSelectors = [1, 2, 3, 10, 12, 17, 19, 20, 22, 23, 24];

/** Links, addresses, routes, rules and proxies of one network namespace. All methods throw NetlinkError. */
export class RouteSocket {
  readonly #socket: NetlinkSocket;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Opens one in the namespace that the thread is in. */
  static open(libc: Libc): RouteSocket {
    return new RouteSocket(NetlinkSocket.open(libc, netlinkProtocol.route));
  }

  close(): void {
    this.#socket.close();
  }

  links(): readonly Link[] {
    return this.#list(base.link, Buffer.alloc(16), 16, readLink);
  }

  addresses(): readonly InterfaceAddress[] {
    return this.#list(base.address, Buffer.alloc(8), 8, (header, attributes) => {
      const address = attributes.get(2) ?? attributes.get(1);
      if (!address) return undefined;
      return {
        index: header.readUInt32LE(4),
        address: addressText(address),
        prefixLength: header.readUInt8(1),
      };
    });
  }

  /** Networks that the host's main table has routes to, but the default one: CIDR and index of the interface. */
  mainRoutes(): readonly { readonly destination: string; readonly index: number }[] {
    return [4, 6].flatMap((family) =>
      this.#list(
        base.route,
        routeHeader(family as Family, { table: mainTable }),
        12,
        (header, attributes) => {
          const [bytes, index] = [attributes.get(1), attributes.get(4)];
          if (!bytes || !index || header.readUInt8(4) !== mainTable) return undefined;
          return {
            destination: `${addressText(bytes)}/${header.readUInt8(1)}`,
            index: index.readUInt32LE(),
          };
        },
      ),
    );
  }

  /** Everything of Postern's, and the rule for the local table where it comes before Postern's. */
  items(): readonly Item[] {
    const names = new Map(this.links().map(({ index, name }) => [index, name]));
    return [
      ...([4, 6] as const).flatMap((family) => this.#routes(family, names)),
      ...([4, 6] as const).flatMap((family) => this.#rules(family)),
      ...this.#proxies(names),
    ];
  }

  /** Makes changes, each for itself and in their order. Returns those that the kernel refused. */
  changeAll(
    changes: readonly Change[],
    indexOf: (device: string) => number,
  ): readonly { readonly change: Change; readonly error: NetlinkError }[] {
    const refused: { change: Change; error: NetlinkError }[] = [];
    for (let at = 0; at < changes.length; at += changesAtOnce) {
      const writer = new MessageWriter();
      const some = changes.slice(at, at + changesAtOnce);
      const numbered = new Map<number, Change>();
      for (const [index, change] of some.entries()) {
        const sequence = this.#socket.nextSequence();
        numbered.set(sequence, change);
        this.#writeChange(writer, change, sequence, indexOf, index === some.length - 1);
      }
      const last = [...numbered.keys()].at(-1) ?? 0;
      for (const error of this.#socket.transactEach(writer.bytes(), last)) {
        const change = numbered.get(error.sequence);
        if (change) refused.push({ change, error });
      }
    }
    return refused;
  }

  #writeChange(
    writer: MessageWriter,
    { verb, item }: Change,
    sequence: number,
    indexOf: (device: string) => number,
    isLast: boolean,
  ): void {
    const type = { rule: base.rule, route: base.route, proxy: base.neighbour }[item.kind];
    // An address's network may move to another interface: its route is one, whichever it leads to.
    const extra = item.kind === "route" ? messageFlag.replace : item.kind === "rule" ? messageFlag.excl : 0;
    const flags =
      messageFlag.request |
      (isLast ? messageFlag.ack : 0) |
      (verb === "add" ? messageFlag.create | extra : 0);
    writer.begin(type + (verb === "add" ? 0 : deleteOffset), flags, sequence);
    if (item.kind === "rule") writeRule(writer, item);
    else if (item.kind === "route") writeRoute(writer, item, indexOf(item.device));
    else writeProxy(writer, item, indexOf(item.device));
    writer.end();
  }

  /** Brings a link up, or takes it down. */
  setUp(index: number, isUp = true): void {
    const header = Buffer.alloc(16);
    header.writeInt32LE(index, 4);
    header.writeUInt32LE(isUp ? upFlag : 0, 8);
    header.writeUInt32LE(upFlag, 12);
    this.#request(base.link, 0, (writer) => writer.raw(header));
  }

  /** Makes a cable from this namespace to another one. @param namespace its descriptor */
  addCable(name: string, peerName: string, namespace: number): void {
    this.#request(base.link, messageFlag.create | messageFlag.excl, (writer) => {
      writer.raw(Buffer.alloc(16));
      writer.text(3, name);
      const info = writer.open(18);
      writer.text(1, "veth");
      const data = writer.open(2);
      const peer = writer.open(1);
      writer.raw(Buffer.alloc(16));
      writer.text(3, peerName);
      writer.data(28, uint32(namespace));
      for (const level of [peer, data, info]) writer.close(level);
    });
  }

  deleteLink(index: number): void {
    const header = Buffer.alloc(16);
    header.writeInt32LE(index, 4);
    this.#request(base.link + deleteOffset, 0, (writer) => writer.raw(header));
  }

  /** Gives an interface an address; an IPv6 one is usable at once. @param cidr address and prefix length */
  addAddress(index: number, cidr: string): void {
    this.#requestAddress(0, messageFlag.create | messageFlag.excl, index, cidr);
  }

  /** Takes it away. @param cidr as it was given */
  deleteAddress(index: number, cidr: string): void {
    this.#requestAddress(deleteOffset, 0, index, cidr);
  }

  #requestAddress(offset: number, flags: number, index: number, cidr: string): void {
    const [address = "", length] = cidr.split("/");
    const bytes = addressBytes(address);
    const header = Buffer.alloc(8);
    header.writeUInt8(bytes.length === 4 ? familyNumber[4] : familyNumber[6], 0);
    header.writeUInt8(Number(length), 1);
    header.writeUInt32LE(index, 4);
    this.#request(base.address + offset, flags, (writer) => {
      writer.raw(header);
      writer.data(2, bytes);
      writer.data(1, bytes);
      if (bytes.length === 16) writer.data(8, uint32(noDuplicateCheck));
    });
  }

  #routes(family: Family, names: ReadonlyMap<number, string>): readonly Route[] {
    return this.#list(base.route, routeHeader(family, { protocol: origin }), 12, (header, attributes) => {
      const [destination, index, table] = [attributes.get(1), attributes.get(4), attributes.get(15)];
      if (header.readUInt8(5) !== origin || !destination || !index || !table) return undefined;
      return {
        kind: "route",
        family,
        table: table.readUInt32LE(),
        isLocal: header.readUInt8(7) === 2,
        destination: `${addressText(destination)}/${header.readUInt8(1)}`,
        device: names.get(index.readUInt32LE()) ?? "",
      };
    });
  }

  #rules(family: Family): readonly Rule[] {
    const request = Buffer.alloc(12);
    request.writeUInt8(familyNumber[family], 0);
    return this.#list(base.rule, request, 12, (header, attributes) => readRule(family, header, attributes));
  }

  #proxies(names: ReadonlyMap<number, string>): readonly Proxy[] {
    const request = Buffer.alloc(12);
    request.writeUInt8(familyNumber[6], 0);
    request.writeUInt8(proxyFlag, 10);
    return this.#list(base.neighbour, request, 12, (header, attributes) => {
      const address = attributes.get(1);
      if (!address || attributes.get(12)?.readUInt8() !== origin) return undefined;
      return {
        kind: "proxy",
        address: addressText(address),
        device: names.get(header.readInt32LE(4)) ?? "",
      };
    });
  }

  #list<Read>(
    kind: number,
    request: Buffer,
    headerLength: number,
    read: (header: Buffer, attributes: Attributes) => Read | undefined,
  ): readonly Read[] {
    const writer = new MessageWriter();
    const sequence = this.#socket.nextSequence();
    writer.begin(kind + getOffset, messageFlag.request | messageFlag.dump, sequence);
    writer.raw(request);
    writer.end();
    const items: Read[] = [];
    this.#socket.dump(writer.bytes(), sequence, (_type, payload) => {
      const item = read(payload, readAttributes(payload.subarray(headerLength)));
      if (item) items.push(item);
    });
    return items;
  }

  #request(type: number, flags: number, write: (writer: MessageWriter) => void): void {
    const writer = new MessageWriter();
    const sequence = this.#socket.nextSequence();
    writer.begin(type, messageFlag.request | messageFlag.ack | flags, sequence);
    write(writer);
    writer.end();
    this.#socket.transact(writer.bytes(), sequence);
  }
}

export function readLink(header: Buffer, attributes: Attributes): Link {
  const flags = header.readUInt32LE(8);
  const hardware = header.readUInt16LE(2) === ethernet ? attributes.get(1) : undefined;
  const [peer, master, info] = [attributes.get(5), attributes.get(10), attributes.get(18)];
  const type = info && attributeAt(info, 1);
  return {
    index: header.readInt32LE(4),
    name: readText(attributes.get(3) ?? Buffer.alloc(0)),
    isUp: (flags & upFlag) !== 0,
    hasCarrier: (flags & carrierFlag) !== 0,
    ...(hardware ? { hardwareAddress: hardwareText(hardware) } : {}),
    ...(peer ? { peer: peer.readUInt32LE() } : {}),
    ...(master ? { master: master.readUInt32LE() } : {}),
    ...(type ? { type: readText(type) } : {}),
  };
}

function readRule(family: Family, header: Buffer, attributes: Attributes): Rule | undefined {
  const preference = attributes.get(6)?.readUInt32LE() ?? 0;
  const action = header.readUInt8(7);
  const table = attributes.get(15)?.readUInt32LE() ?? header.readUInt8(4);
  const isOwn = attributes.get(21)?.readUInt8() === origin;
  const isLocal =
    table === localTable && preference <= localPreference && !otherSelectors.some((a) => attributes.has(a));
  if (!isOwn && !isLocal) return undefined;
  const [value, mask] = [attributes.get(10), attributes.get(16)];
  return {
    kind: "rule",
    family,
    preference,
    ...(value && mask ? { mark: { value: value.readUInt32LE(), mask: mask.readUInt32LE() } } : {}),
    ...((header.readUInt32LE(8) & 2) === 0 ? {} : { isInverted: true }),
    action:
      action === ruleAction.unreachable
        ? "unreachable"
        : action === ruleAction.goto
          ? { goto: attributes.get(4)?.readUInt32LE() ?? 0 }
          : { lookup: table },
  };
}

function writeRule(writer: MessageWriter, { family, preference, mark, isInverted, action }: Rule): void {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber[family], 0);
  const name = action === "unreachable" ? action : "goto" in action ? "goto" : "lookup";
  header.writeUInt8(ruleAction[name], 7);
  header.writeUInt32LE(isInverted ? 2 : 0, 8);
  writer.raw(header);
  writer.data(6, uint32(preference));
  if (mark) {
    writer.data(10, uint32(mark.value));
    writer.data(16, uint32(mark.mask));
  }
  if (action !== "unreachable" && "goto" in action) writer.data(4, uint32(action.goto));
  if (action !== "unreachable" && "lookup" in action) writer.data(15, uint32(action.lookup));
  if (preference !== 0) {
    const isLocal = action !== "unreachable" && "lookup" in action && action.lookup === localTable;
    if (!isLocal) writer.data(21, Buffer.from([origin]));
  } else writer.data(21, Buffer.from([kernelOrigin]));
}

function writeRoute(writer: MessageWriter, route: Route, index: number): void {
  const { family, destination, isLocal, table } = route;
  const [address = "", length] = destination.split("/");
  writer.raw(routeHeader(family, { protocol: origin, length: Number(length), isLocal }));
  writer.data(1, addressBytes(address));
  writer.data(4, uint32(index));
  writer.data(15, uint32(table));
}

function writeProxy(writer: MessageWriter, { address }: Proxy, index: number): void {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber[6], 0);
  header.writeInt32LE(index, 4);
  header.writeUInt8(proxyFlag, 10);
  writer.raw(header);
  writer.data(1, addressBytes(address));
  writer.data(12, Buffer.from([origin]));
}

interface RouteFields {
  readonly table?: number;
  readonly protocol?: number;
  readonly length?: number;
  readonly isLocal?: boolean;
}

function routeHeader(family: Family, { table = 0, protocol = 0, length, isLocal }: RouteFields): Buffer {
  const header = Buffer.alloc(12);
  header.set([familyNumber[family], length ?? 0, 0, 0, table, protocol]);
  // The scopes of hosts and of links.
  if (isLocal !== undefined) header.set([family === 6 ? 0 : isLocal ? 254 : 253, isLocal ? 2 : 1], 6);
  return header;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** @param bytes 4 or 16 of them */
export function addressText(bytes: Buffer): string {
  return bytes.length === 4
    ? ipv4FromNumber(bytes.readUInt32BE())
    : Address6.fromByteArray([...bytes]).correctForm();
}

export function hardwareText(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
