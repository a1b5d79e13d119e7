import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VpcId } from "../domain/ids.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { uuid, vpcId } from "../domain/test-fixtures.ts";
import { parseSnapshot } from "./parse-snapshot.ts";
import { aSnapshot } from "./test-snapshot.ts";

const secure: Snapshot = {
  ...aSnapshot(7, 2, {
    sources: ["127.0.0.0/8", "10.0.0.1"],
    attachment: "kernel",
    hasName: true,
    kernel: { number: 7, connectionRate: 50, byteRate: 20_000 },
  }),
  networks: [
    {
      id: vpcId,
      number: 1,
      attachment: { kind: "interface", device: "eth1" },
      cidrs: ["10.0.0.0/24"],
      resolver: "10.0.0.3",
    },
    { id: uuid(9) as VpcId, number: 2, attachment: { kind: "netns", namespace: "a" }, cidrs: [] },
  ],
  dns: { zone: "postern.internal", resolvers: [{ vpcId: uuid(10) as VpcId, address: "127.80.0.3" }] },
  services: aSnapshot(7).services.map((service) => ({
    ...service,
    nodes: service.nodes.map((node) => ({ ...node, drain: { since: 1, cutAt: 2 } })),
    serverPorts: [{ clientPort: 80, serverPort: 9600 }],
    domains: ["logs.example.com"],
    healthCheck: {
      scheme: "https",
      path: "/_x",
      authorization: "Basic x",
      ca: "PEM",
      insecureSkipVerify: true,
    },
  })),
};

const ofIPv6: Snapshot = {
  ...secure,
  endpoints: secure.endpoints.map((endpoint) => ({
    ...endpoint,
    address: "fd00::7",
    sources: ["fd00::/64"],
  })),
};

const dualStack = aSnapshot(1, 1, { address6: "fd00::7", sources: ["127.0.0.0/8", "fd00::/64"] });

test.each([
  aSnapshot(0, 0),
  aSnapshot(1),
  aSnapshot(7, 3, { refusal: "service_closed" }),
  secure,
  ofIPv6,
  dualStack,
])("what the server sends is taken: %#", (snapshot) => {
  expect(parseSnapshot(JSON.stringify(snapshot))).toEqual(snapshot);
});

test("fields that a later version adds are no hindrance", () => {
  const later = { ...aSnapshot(1), names: [] };
  expect(parseSnapshot(JSON.stringify(later))).toEqual(later);
});

test("any text that is no JSON, or any other JSON, is no snapshot", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(parseSnapshot(text)).toBeUndefined();
    }),
  );
});

/** Every path into the fullest snapshot, and what there is. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  const inner = Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]));
  return path.length === 0 ? inner : [[...path], ...inner];
}

describe("with one field wrong or missing it is no snapshot", () => {
  function changed(
    path: readonly string[],
    change: (parent: Record<string, unknown>, key: string) => void,
  ): string {
    const copy = structuredClone(secure) as unknown as Record<string, unknown>;
    let parent = copy;
    for (const step of path.slice(0, -1)) parent = parent[step] as Record<string, unknown>;
    change(parent, path.at(-1) ?? "");
    return JSON.stringify(copy);
  }

  const optional = new Set([
    "drain",
    "authorization",
    "ca",
    "sources",
    "serverPorts",
    "domains",
    "connectionRate",
    "byteRate",
    "hasName",
    "dns",
    "resolver",
    "lineage",
  ]);
  const paths = pathsOf(secure);

  test.each(paths.map((path) => path.join(".")))("%s", (joined) => {
    const path = joined.split(".");
    const key = path.at(-1) ?? "";
    const withWrong = [{}, -1, 1.5, true, [null]].map((wrong) =>
      changed(path, (parent) => {
        parent[key] = typeof parent[key] === "boolean" && wrong === true ? "true" : wrong;
      }),
    );
    for (const text of withWrong) expect([text, parseSnapshot(text)]).toEqual([text, undefined]);
    const isItem = /^\d+$/.test(key);
    const without = changed(path, (parent) => delete parent[key]);
    expect(parseSnapshot(without) === undefined).toBe(!optional.has(key) || isItem);
  });

  test.each([
    ["another format", "format", 2],
    ["no text", "gatewayId", ""],
    ["an unknown attachment", "endpoints.0.attachment", "netns"],
    ["a loopback endpoint with a place in the kernel", "endpoints.0.attachment", "loopback"],
    ["an endpoint in no network that is there", "endpoints.0.vpcId", uuid(8)],
    ["a number that is too large", "endpoints.0.kernel.number", 2 ** 32],
    ["a network's number that is too large", "networks.0.number", 65_536],
    ["a network's number twice", "networks.0.number", 2],
    ["a network twice", "networks.1.id", vpcId],
    ["an interface that is the host itself", "networks.0.attachment.device", "lo"],
    ["an interface that ends a set", "networks.0.attachment.device", 'eth1"}'],
    ["a namespace in another directory", "networks.1.attachment.namespace", "../a"],
    ["an unknown kind", "networks.0.attachment.kind", "none"],
    ["an unknown reason", "endpoints.0.refusal", "bored"],
    ["an address with a zone", "endpoints.0.address", "fe80::1%eth0"],
    ["a host name", "endpoints.0.address", "localhost"],
    ["a second IPv4 address", "endpoints.0.address6", "127.0.0.9"],
    ["a second address with a zone", "endpoints.0.address6", "fe80::1%eth0"],
    ["no port", "endpoints.0.clientPorts", []],
    ["port 0", "endpoints.0.clientPorts", [0]],
    ["port 65536", "endpoints.0.clientPorts", [65_536]],
    ["a source that is no network", "endpoints.0.sources.0", "10.0.0.0/33"],
    ["an IPv6 source that is no network", "endpoints.0.sources.0", "fd00::/129"],
    ["a source with two lengths", "endpoints.0.sources.0", "10.0.0.0/8/8"],
    ["no session", "endpoints.0.maxSession", 0],
    ["a path without a slash", "services.0.healthCheck.path", "x"],
    ["another scheme", "services.0.healthCheck.scheme", "ftp"],
    ["a zone that is no name", "dns.zone", "postern..internal"],
    ["a zone in capitals", "dns.zone", "Postern.internal"],
    ["a name server's IPv6 address", "dns.resolvers.0.address", "::1"],
    ["a domain that is no name", "services.0.domains.0", "a..b"],
    ["a server port 0", "services.0.serverPorts.0.serverPort", 0],
    ["a node's port 0", "services.0.nodes.0.port", 0],
  ])("%s", (_name, path, value) => {
    const text = changed(path.split("."), (parent, key) => {
      parent[key] = value;
    });
    expect(parseSnapshot(text)).toBeUndefined();
  });
});
