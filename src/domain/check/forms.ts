import { parseIpv4, parseIpv4Prefix } from "../../lib/ipv4.ts";
import { parseIpv6, parseIpv6Prefix } from "../../lib/ipv6.ts";
import { attachmentKinds, vpcNumberLimit } from "../attachment.ts";
import { isUuid } from "../ids.ts";
import type { ClusterNode, ServicePort, Tag } from "../resources.ts";
import { actionPattern, roles } from "../roles.ts";
import { isDomainName } from "../service-domain.ts";

/** Tells whether a value is one that the column may have. */
type Form<Value> = (value: unknown) => value is Value;

function form<Value>(isValue: (value: unknown) => boolean): Form<Value> {
  return (value): value is Value => isValue(value);
}

function textThat(isFit: (text: string) => boolean): Form<string> {
  return form((value) => typeof value === "string" && isFit(value));
}

function nullable<Value>(inner: Form<Value>): Form<Value | null> {
  return form((value) => value === null || inner(value));
}

function oneOf<const Words extends readonly string[]>(words: Words): Form<Words[number]> {
  return form((value) => typeof value === "string" && words.includes(value));
}

function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Form<number> {
  return form(
    (value) => Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum,
  );
}

function jsonList(isItem: (item: Readonly<Record<string, unknown>>) => boolean): Form<string> {
  return textThat((text) => {
    const list = readList(text);
    return list !== undefined && list.every((item) => isItem(item as Readonly<Record<string, unknown>>));
  });
}

function readList(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => item !== null) ? value : undefined;
  } catch {
    return undefined;
  }
}

const uuid = textThat(isUuid);
const hexId = textThat((text) => /^[0-9a-f]{32}$/.test(text));
const anyText = textThat(() => true);
const someText = textThat((text) => text !== "");
const time = integer(0);
const flag = integer(0, 1);
const port = integer(1, 65_535);
const ipv4 = textThat((text) => parseIpv4(text) !== undefined);
const ipv6 = textThat((text) => parseIpv6(text) === text);
const cidr = textThat((text) => parseIpv4Prefix(text) !== undefined);
const cidr6 = textThat((text) => parseIpv6Prefix(text) !== undefined);
const texts = jsonList((item) => typeof item === "string");
const tags = jsonList(({ key, value }) => typeof key === "string" && typeof value === "string");

/** What the columns of each table may hold. Columns that are not named here are not looked at. */
export const forms = {
  account: { id: hexId, name: someText, createdAt: time },
  project: { id: hexId, accountId: hexId, name: someText, createdAt: time },
  user: {
    id: hexId,
    accountId: hexId,
    name: someText,
    passwordHash: someText,
    isOperator: flag,
    role: oneOf(roles),
    actions: jsonList((item) => typeof item === "string" && new RegExp(actionPattern).test(item)),
    createdAt: time,
  },
  accessKey: {
    id: someText,
    userId: hexId,
    sealedSecret: someText,
    expiresAt: nullable(time),
    createdAt: time,
  },
  token: {
    hash: someText,
    userId: hexId,
    projectId: nullable(hexId),
    methods: texts,
    expiresAt: nullable(time),
    createdAt: time,
  },
  vpc: {
    id: uuid,
    projectId: hexId,
    name: someText,
    cidr,
    cidr6: nullable(cidr6),
    attachment: oneOf(attachmentKinds),
    attachmentName: nullable(someText),
    number: integer(1, vpcNumberLimit),
    dnsAddress: nullable(ipv4),
    createdAt: time,
  },
  subnet: {
    id: uuid,
    vpcId: uuid,
    projectId: hexId,
    name: someText,
    cidr,
    cidr6: nullable(cidr6),
    poolCursor: nullable(ipv4),
    pool6Cursor: nullable(ipv6),
    createdAt: time,
  },
  releasedAddress: {
    subnetId: uuid,
    address: textThat((text) => parseIpv4(text) !== undefined || parseIpv6(text) === text),
    projectId: hexId,
    releasedAt: time,
  },
  cluster: {
    id: uuid,
    projectId: hexId,
    name: someText,
    state: oneOf(["registered", "adopted", "released"]),
    engine: oneOf(["opensearch", "elasticsearch"]),
    nodes: jsonList(isNode),
    scheme: oneOf(["http", "https"]),
    username: nullable(anyText),
    sealedPassword: nullable(someText),
    clientPort: port,
    vpcId: uuid,
    subnetId: uuid,
    tags,
    version: integer(1),
  },
  endpointService: {
    id: uuid,
    clusterId: uuid,
    projectId: hexId,
    name: someText,
    enabled: flag,
    origin: oneOf(["css", "vpcep"]),
    ports: jsonList(isServicePort),
    tags,
  },
  permission: {
    id: someText,
    serviceId: uuid,
    permission: someText,
    permissionType: oneOf(["domainId", "orgPath"]),
  },
  endpoint: {
    id: uuid,
    serviceId: uuid,
    projectId: hexId,
    accountId: hexId,
    vpcId: uuid,
    subnetId: uuid,
    address: ipv4,
    address6: nullable(ipv6),
    phase: oneOf(["creating", "ready", "failed"]),
    approval: oneOf(["pending", "accepted", "rejected"]),
    rejectedBy: nullable(oneOf(["owner", "whitelist"])),
    maxSession: integer(1),
    markerId: integer(0),
    sourceWhitelist: texts,
    tags,
    createdRevision: integer(0),
    createdAt: time,
  },
  serviceDomain: {
    id: uuid,
    serviceId: uuid,
    name: textThat(isDomainName),
    status: oneOf(["pending", "verified", "failed"]),
  },
  gateway: { id: uuid, name: someText, tokenHash: someText, lastSeenAt: nullable(time) },
};

function isNode(node: Partial<Readonly<Record<keyof ClusterNode, unknown>>>): boolean {
  return typeof node.id === "string" && isUuid(node.id) && someText(node.host) && port(node.port);
}

function isServicePort(ports: Partial<Readonly<Record<keyof ServicePort, unknown>>>): boolean {
  return port(ports.clientPort) && port(ports.serverPort);
}

export type TableName = keyof typeof forms;
type RowOf<Forms> = {
  readonly [Column in keyof Forms]: Forms[Column] extends Form<infer Value> ? Value : never;
};
/** Rows whose every column is of its form, by table. */
export type Tables = { readonly [Name in TableName]: readonly RowOf<(typeof forms)[Name]>[] };
/** A row as the database has it; column names in camelCase. */
export type RawRow = Readonly<Record<string, unknown>>;

/** Reads a column of the form `tags`. */
export function tagsOf({ tags: text }: { readonly tags: string }): readonly Tag[] {
  return JSON.parse(text) as Tag[];
}
