import { isIP, isIPv4, isIPv6 } from "node:net";
import { isDeviceName, isNamespaceName, vpcNumberLimit } from "../domain/attachment.ts";
import type { DesiredNetwork } from "../domain/desired.ts";
import { isZoneName } from "../domain/names.ts";
import { isDomainName } from "../domain/service-domain.ts";
import type { NodeDrain, ServicePort } from "../domain/resources.ts";
import type {
  HealthCheck,
  Resolver,
  Snapshot,
  SnapshotDns,
  SnapshotEndpoint,
  SnapshotNode,
  SnapshotService,
} from "../domain/snapshot.ts";

/**
 * Returns the snapshot, or undefined for anything that this version does not understand in full.
 *
 * Checked by hand: a schema library would double the time in which a gateway that died is back.
 */
export function parseSnapshot(text: string): Snapshot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isSnapshot(value) && isInOnePiece(value) ? value : undefined;
}

type Fields<Type> = { readonly [Key in keyof Type]-?: (value: unknown) => boolean };

function isSnapshot(value: unknown): value is Snapshot {
  return hasFields<Snapshot>(value, {
    format: (format) => format === 1,
    gatewayId: isText,
    region: isText,
    revision: isCount,
    lineage: (lineage) => lineage === undefined || isText(lineage),
    services: listOf(isService),
    endpoints: listOf(isEndpoint),
    networks: (networks) => networks === undefined || listOf(isNetwork)(networks),
    dns: (dns) => dns === undefined || isDns(dns),
  });
}

function isDns(value: unknown): boolean {
  return hasFields<SnapshotDns>(value, {
    zone: (zone) => typeof zone === "string" && isZoneName(zone),
    resolvers: listOf(isResolver),
  });
}

function isResolver(value: unknown): boolean {
  return hasFields<Resolver>(value, {
    vpcId: isText,
    address: (address) => typeof address === "string" && isIPv4(address),
  });
}

/** Whether every endpoint has what its engine needs. */
function isInOnePiece({ endpoints, networks = [] }: Snapshot): boolean {
  const known = new Set(networks.map(({ id }) => id));
  const numbers = new Set(networks.map(({ number }) => number));
  if (known.size !== networks.length || numbers.size !== networks.length) return false;
  return endpoints.every(({ attachment, kernel, vpcId }) =>
    attachment === "kernel" ? kernel !== undefined && known.has(vpcId) : kernel === undefined,
  );
}

function isNetwork(value: unknown): boolean {
  return hasFields<DesiredNetwork>(value, {
    id: isText,
    number: isUpTo(vpcNumberLimit),
    attachment: isAttachment,
    cidrs: listOf(isSource),
    resolver: (resolver) => resolver === undefined || (typeof resolver === "string" && isIPv4(resolver)),
  });
}

function isAttachment(value: unknown): boolean {
  const { kind, device, namespace } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === "interface") return typeof device === "string" && isDeviceName(device);
  return kind === "netns" && typeof namespace === "string" && isNamespaceName(namespace);
}

function isService(value: unknown): boolean {
  return hasFields<SnapshotService>(value, {
    id: isText,
    nodes: listOf(isNode),
    healthCheck: isHealthCheck,
    serverPorts: (ports) => ports === undefined || listOf(isServicePort)(ports),
    domains: (domains) => domains === undefined || listOf(isHostName)(domains),
  });
}

function isHostName(value: unknown): boolean {
  return typeof value === "string" && isDomainName(value);
}

function isServicePort(value: unknown): boolean {
  return hasFields<ServicePort>(value, { clientPort: isPort, serverPort: isPort });
}

function isNode(value: unknown): boolean {
  return hasFields<SnapshotNode>(value, {
    id: isText,
    host: isText,
    port: isPort,
    drain: (drain) => drain === undefined || isDrain(drain),
  });
}

function isDrain(value: unknown): boolean {
  return hasFields<NodeDrain>(value, {
    since: isCount,
    cutAt: (cutAt) => cutAt === null || isCount(cutAt),
  });
}

function isHealthCheck(value: unknown): boolean {
  return hasFields<HealthCheck>(value, {
    scheme: (scheme) => scheme === "http" || scheme === "https",
    path: (path) => typeof path === "string" && path.startsWith("/"),
    authorization: (authorization) => authorization === undefined || isText(authorization),
    ca: (ca) => ca === undefined || isText(ca),
    insecureSkipVerify: (skip) => typeof skip === "boolean",
  });
}

const refusals: readonly unknown[] = [null, "not_accepted", "not_whitelisted", "service_closed"];

function isEndpoint(value: unknown): boolean {
  return hasFields<SnapshotEndpoint>(value, {
    id: isText,
    serviceId: isText,
    vpcId: isText,
    attachment: (attachment) => attachment === "loopback" || attachment === "kernel",
    address: (address) => typeof address === "string" && isPlainAddress(address),
    address6: (address) => address === undefined || (typeof address === "string" && isPlainAddress6(address)),
    hasName: (hasName) => hasName === undefined || hasName === true,
    clientPorts: (ports) => listOf(isPort)(ports) && (ports as unknown[]).length > 0,
    maxSession: isUpTo(Number.MAX_SAFE_INTEGER),
    refusal: (refusal) => refusals.includes(refusal),
    sources: (sources) => sources === undefined || listOf(isSource)(sources),
    kernel: (kernel) => kernel === undefined || isKernelPlace(kernel),
  });
}

function isKernelPlace(value: unknown): boolean {
  return hasFields<Required<SnapshotEndpoint>["kernel"]>(value, {
    number: isUpTo(2 ** 32 - 1),
    connectionRate: (rate) => rate === undefined || isUpTo(Number.MAX_SAFE_INTEGER)(rate),
    byteRate: (rate) => rate === undefined || isUpTo(Number.MAX_SAFE_INTEGER)(rate),
  });
}

function isSource(value: unknown): boolean {
  const [address = "", length = "0", ...rest] = typeof value === "string" ? value.split("/") : [];
  const most = isIPv4(address) ? 32 : 128;
  return isPlainAddress(address) && /^\d{1,3}$/.test(length) && Number(length) <= most && rest.length === 0;
}

/** An address with a zone (`fe80::1%eth0`) means something on one host only. */
function isPlainAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

function isPlainAddress6(text: string): boolean {
  return isPlainAddress(text) && isIPv6(text);
}

function hasFields<Type>(value: unknown, fields: Fields<Type>): value is Type {
  if (typeof value !== "object" || value === null) return false;
  for (const key in fields) {
    if (!fields[key]((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function listOf(isItem: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const isPort = isUpTo(65_535);

/** From 1. */
function isUpTo(most: number): (value: unknown) => boolean {
  return (value) => isCount(value) && value !== 0 && (value as number) <= most;
}
