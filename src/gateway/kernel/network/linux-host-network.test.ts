import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DesiredNetwork, KernelAttachment } from "../../../domain/desired.ts";
import type { VpcId } from "../../../domain/ids.ts";
import type { NetworkWish } from "../host-network.ts";
import { rulesetText } from "../nft/ruleset.ts";
import { vpcMark } from "../nft/schema.ts";
import type { Change } from "../nft/tables.ts";

const isAble = process.getuid?.() === 0 && spawnSync("nft", ["-v"]).status === 0;
const reason = isAble ? "" : " (skipped: needs root, nftables and iproute2)";
const child = new URL("test-apply.ts", import.meta.url).pathname;
const names = ["gw", "a", "b", "c"] as const;
const [gateway, a, b, lan] = names.map((name) => `pt-${process.pid}-${name}`) as [
  string,
  string,
  string,
  string,
];

function run(program: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: "utf8", timeout: 15_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function ip(namespace: string, command: string): string {
  return run("ip", ["-n", namespace, ...command.split(" ")]);
}

function inside(namespace: string, program: string, ...args: readonly string[]): string {
  return run("ip", ["netns", "exec", namespace, program, ...args]);
}

type Wish = Omit<NetworkWish, "addresses"> & { readonly addresses: readonly string[] };

/** A process of its own each time, as after a restart. */
function apply(wishes: readonly Wish[], changes: readonly Change[] = []): readonly unknown[] {
  return JSON.parse(
    inside(gateway, process.execPath, child, JSON.stringify([wishes, changes])),
  ) as readonly unknown[];
}

/** One process that applies wishes, and then does what each step says. */
function applySteps(
  wishes: readonly Wish[],
  steps: readonly { readonly command?: string; readonly wishes: readonly Wish[] }[],
): void {
  inside(gateway, process.execPath, child, JSON.stringify([wishes, [], steps]));
}

function wish(number: number, attachment: KernelAttachment, addresses: readonly string[]): Wish {
  const cidrs = ["10.0.0.0/24", "fd00::/64"];
  const network: DesiredNetwork = { id: `n${number}` as VpcId, number, attachment, cidrs };
  return { network, addresses };
}

const cable = (namespace: string): KernelAttachment => ({ kind: "netns", namespace });
const eth1: KernelAttachment = { kind: "interface", device: "eth1" };

/** Everything that could have been changed, as `ip` shows it. */
function state(): string {
  return [
    "rule",
    "-6 rule",
    "route show table all",
    "-6 route show table all",
    "-br link",
    "-6 neigh show proxy",
  ]
    .map((command) => ip(gateway, command))
    .join("");
}

/** Of that, what is Postern's. */
function ownState(): string {
  return state().replaceAll(/^(?!.*(table 10001| proxy )).*\n/gm, "");
}

/** With indexes and hardware addresses, which change where something is made anew. */
function whole(): string {
  const links = ip(gateway, "link").replaceAll(/state \w+/g, "");
  return links + ip(gateway, "rule") + ip(gateway, "route show table 10001");
}

/** Whether a neighbour's link-layer address is found out. */
async function resolves(namespace: string, address: string): Promise<boolean> {
  const connecting = spawn("ip", ["netns", "exec", namespace, "bash", "-c", `exec 3<>/dev/tcp/${address}/9`]);
  const ended = once(connecting, "exit");
  try {
    const deadline = Date.now() + 8_000;
    while (Date.now() < deadline) {
      const neighbour = ip(namespace, `neigh show to ${address}`);
      if (neighbour.includes("lladdr")) return true;
      if (neighbour.includes("FAILED")) return false;
      await delay(20);
    }
    throw new Error(`${address} is neither found nor given up`);
  } finally {
    connecting.kill("SIGKILL");
    await ended;
  }
}

function sweepNamespaces(): void {
  for (const namespace of [gateway, a, b, lan]) spawnSync("ip", ["netns", "del", namespace]);
}

/** What the engine fills in: interfaces with their networks, and announced addresses. */
function announced(networks: readonly (readonly [number, string])[]): readonly Change[] {
  return networks.flatMap(([number, address]) => {
    const device = `pn${number}`;
    const mark = [(vpcMark | number) >>> 0];
    return [
      { verb: "add", set: "vpc_of_interface", element: { key: [device], data: mark } },
      { verb: "add", set: "zone_of_interface", element: { key: [device], data: [number] } },
      { verb: "add", set: "arp_vpc_of_interface", element: { key: [device], data: mark } },
      { verb: "add", set: "arp_announced", element: { key: [device, address] } },
    ] as const;
  });
}

describe.skipIf(!isAble)(`the host's networks${reason}`, () => {
  beforeEach(() => {
    for (const namespace of [gateway, a, b, lan]) run("ip", ["netns", "add", namespace]);
    ip(gateway, "link set lo up");
  });
  afterEach(sweepNamespaces);

  test("two networks with one CIDR: each resolves its own endpoint and not the other's", async () => {
    inside(gateway, "nft", rulesetText());
    const wishes = [
      wish(1, cable(a), ["10.0.0.50", "fd00::50"]),
      wish(2, cable(b), ["10.0.0.60", "fd00::60"]),
    ];
    const changes = announced([
      [1, "10.0.0.50"],
      [2, "10.0.0.60"],
    ]);
    expect(apply(wishes, changes)).toEqual([
      {
        network: "n1",
        device: "pn1",
        deviceIndex: expect.any(Number),
        answered: ["10.0.0.50", "fd00::50"],
        refused: {},
      },
      {
        network: "n2",
        device: "pn2",
        deviceIndex: expect.any(Number),
        answered: ["10.0.0.60", "fd00::60"],
        refused: {},
      },
    ]);
    const found = await Promise.all(
      ["10.0.0.50", "10.0.0.60", "fd00::50", "fd00::60"].flatMap((address) => [
        resolves(a, address),
        resolves(b, address),
      ]),
    );
    expect(found).toEqual([true, false, false, true, true, false, false, true]);
  });

  test("the same wish of a new process changes nothing, and the last one leaves the host as it was", () => {
    const before = state();
    const wishes = [wish(1, cable(a), ["10.0.0.50", "fd00::50"]), wish(40, cable(b), ["10.0.0.50"])];
    apply(wishes);
    ip(gateway, "route add local 10.0.0.99 dev lo table 10001 proto static");
    const made = whole();
    apply(wishes);
    expect(whole()).toBe(made);
    // One goes: the other stays, and so does what is not Postern's.
    apply(wishes.slice(0, 1));
    expect(state()).not.toContain("10040");
    expect(state()).not.toContain("pn40");
    expect(ip(gateway, "route show table 10001")).toContain("10.0.0.50");
    apply([]);
    expect(ip(gateway, "route show table 10001")).toBe("local 10.0.0.99 dev lo proto static scope host \n");
    ip(gateway, "route flush table 10001");
    expect(state()).toBe(before);
  });

  test("changes that are told lead where the whole would, and what is not told is not looked at", () => {
    const of = (addresses: readonly string[], changed?: readonly string[]): Wish => ({
      ...wish(1, cable(a), addresses),
      ...(changed ? { changed } : {}),
    });
    const last = ["10.0.0.51", "fd00::51", "10.0.0.52"];
    applySteps(
      [of(["10.0.0.50", "10.0.0.51", "fd00::50"])],
      [
        { wishes: [of(["10.0.0.51", "fd00::51"], ["10.0.0.50", "fd00::50", "fd00::51"])] },
        { wishes: [of([...last, "10.0.0.99"], ["10.0.0.52"])] },
      ],
    );
    const made = ownState();
    expect(made).toMatch(/local 10.0.0.51 [^]*local 10.0.0.52 [^]*fd00::51 dev pn1 proxy/);
    expect(made).not.toMatch(/10.0.0.50|fd00::50|10.0.0.99/);
    apply([wish(1, cable(a), last)]);
    expect(ownState()).toBe(made);
  });

  test.each([
    ["was down for a moment", "ip link set pn1 down", "ip link set pn1 up"],
    ["is down", "ip link set pn1 down", "true"],
    ["is gone", "ip link delete pn1", "true"],
  ])("an interface that %s is found out without being told", (_what, ...commands) => {
    const wishes = [{ ...wish(1, cable(a), ["10.0.0.50"]), changed: [] }];
    applySteps(wishes, []);
    const made = ip(gateway, "route show table 10001");
    applySteps(wishes, [{ command: commands.join("; "), wishes }]);
    expect(ip(gateway, "route show table 10001")).toBe(made);
    expect(ip(gateway, "-br link show pn1")).toContain("UP");
  });

  test("a namespace that is made again is attached again; one that is missing is told", () => {
    const wishes = [wish(1, cable(a), ["10.0.0.50"])];
    apply(wishes);
    run("ip", ["netns", "del", a]);
    const problem = `There is no network namespace ${a}. Make it with \`ip netns add ${a}\`; the network is attached as soon as it is there.`;
    expect(apply(wishes)).toEqual([{ network: "n1", problem, answered: [], refused: {} }]);
    run("ip", ["netns", "add", a]);
    expect(apply(wishes)).toEqual([
      { network: "n1", device: "pn1", deviceIndex: expect.any(Number), answered: ["10.0.0.50"], refused: {} },
    ]);
    expect(ip(a, "-br address show postern0")).toContain("10.0.0.254/24");
    expect(ip(gateway, "route show table 10001")).toContain("local 10.0.0.50 dev lo");
  });

  test("addresses of real hosts are found taken and not answered for, until the host is gone", async () => {
    ip(gateway, `link add eth1 type veth peer name eth0 netns ${lan}`);
    ip(lan, "link set eth0 address 02:00:00:00:00:07 up");
    ip(lan, "addr add 10.0.0.50/24 dev eth0");
    ip(lan, "addr add fd00::50/64 dev eth0 nodad");
    const wishes = [wish(1, eth1, ["10.0.0.50", "10.0.0.51", "fd00::50", "fd00::51"])];
    const isTaken = expect.stringContaining(
      "belongs to a host of the network already (02:00:00:00:00:07)",
    ) as string;
    const refused = { "10.0.0.50": isTaken, "fd00::50": isTaken };
    expect(apply(wishes)).toEqual([
      {
        network: "n1",
        device: "eth1",
        deviceIndex: expect.any(Number),
        answered: ["10.0.0.51", "fd00::51"],
        refused,
      },
    ]);
    const routes = (): string =>
      ip(gateway, "route show table 10001") + ip(gateway, "-6 route show table 10001");
    expect(routes()).not.toMatch(/local \S+50 /);
    expect(routes()).toMatch(/local 10.0.0.51 [^]*local fd00::51 /);
    expect(ip(gateway, "-6 neigh show proxy")).not.toContain("fd00::50");
    ip(lan, "addr flush dev eth0");
    expect(apply(wishes)).toMatchObject([{ device: "eth1", refused: {} }]);
    expect(routes()).toMatch(/local 10.0.0.50 [^]*local fd00::50 /);
    // Ours now: a host that comes later does not make the gateway give it up.
    ip(lan, "addr add 10.0.0.50/24 dev eth0");
    expect(apply(wishes)).toMatchObject([{ device: "eth1", refused: {} }]);
    apply([]);
    expect(ip(gateway, "-br link show eth1")).toContain("DOWN");
  });

  test("interfaces that cannot serve a network are told, and the others are served", () => {
    ip(gateway, `link add eth1 type veth peer name eth1 netns ${lan}`);
    ip(gateway, `link add eth2 type veth peer name eth2 netns ${lan}`);
    ip(gateway, "link set eth2 up");
    ip(gateway, "addr add 10.0.0.1/16 dev eth2");
    ip(gateway, "addr add 10.0.0.2/24 dev eth1");
    const states = apply([
      wish(1, eth1, []),
      wish(2, { kind: "interface", device: "eth9" }, []),
      wish(3, cable(a), []),
      wish(4, { kind: "netns", namespace: "../../proc/self/ns/net" }, []),
    ]);
    expect(states).toMatchObject([
      { problem: expect.stringContaining("ip address delete 10.0.0.2/24 dev eth1") as string },
      { problem: expect.stringContaining("There is no interface eth9") as string },
      { device: "pn3" },
      { problem: expect.stringContaining("not one that `ip netns` takes") as string },
    ]);
  });

  test("a check of sources that held for all interfaces stays on the others", () => {
    inside(gateway, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1");
    ip(gateway, `link add eth2 type veth peer name eth2 netns ${lan}`);
    apply([wish(1, cable(a), [])]);
    const filter = (device: string): string =>
      inside(gateway, "sysctl", "-n", `net.ipv4.conf.${device}.rp_filter`).trim();
    expect(["all", "eth2", "pn1"].map(filter)).toEqual(["0", "1", "0"]);
  });
});
