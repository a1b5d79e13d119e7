/**
 * Brings about random sequences of states in the network namespace that it is started in, and compares what the last
 * one left with what a gateway makes of it that finds nothing. Prints the seeds where they differ, and how: a process
 * of its own for tests, as a namespace is one of the whole process.
 */
import { execFileSync } from "node:child_process";
import { Chance } from "../../../test/support/chance.ts";
import { createLogger } from "../../lib/log.ts";
import type { Engine } from "../engine.ts";
import { Libc } from "./libc.ts";
import { LinuxHostNetwork } from "./network/linux-host-network.ts";
import { netlinkProtocol, NetlinkSocket } from "./netlink/netlink-socket.ts";
import { setNames } from "./nft/schema.ts";
import { Tables } from "./nft/tables.ts";
import { removeRuleset } from "./ruleset-loader.ts";
import { startKernelEngine } from "./start.ts";
import { aState, type DesiredState } from "./test-states.ts";

const states = 3;
const [namespace = "", firstSeed = "", count = ""] = process.argv.slice(2);
const libc = await Libc.load();
const socket = NetlinkSocket.open(libc, netlinkProtocol.netfilter);
const tables = new Tables(socket);
const log = createLogger("test", "error");

function startEngine(): Promise<Engine> {
  return startKernelEngine(log, () => LinuxHostNetwork.open(libc, log));
}

/** Runs a line of shell: one process of this one's size for all of it. */
function shell(line: string): readonly string[] {
  return execFileSync("sh", ["-c", line], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    .split("\n")
    .map((text) => text.trim())
    .filter((text) => text !== "");
}

const shownByIp = [
  "rule",
  "-6 rule",
  "route show table all",
  "-6 route show table all",
  "-6 neigh show proxy",
];

/** Routes that the kernel itself makes for links that are up, in its own time. */
const ofKernel = /fe80::|ff00::\/8|anycast|multicast/;

/** What the host does with packets, but for Postern's tables. */
function routing(): readonly string[] {
  const links = shell("ip -o link").map((line) => {
    const [, name = "", flags = ""] = /^\d+: ([^@:]+)[^<]*<([^>]*)>/.exec(line) ?? [];
    return `link ${name} ${/\bUP\b/.test(flags) ? "up" : "down"}`;
  });
  const lines = shell(shownByIp.map((command) => `ip ${command} | sed 's/^/${command}: /'`).join(";"));
  return [...links, ...lines.filter((line) => !ofKernel.test(line))].toSorted();
}

/** The tables' elements without what they have counted. Groups of nodes are named after what is in them. */
function elements(): readonly string[] {
  const buckets = [...tables.list("node4"), ...tables.list("node6")].toSorted(
    (a, b) => Number(a.key[1]) - Number(b.key[1]),
  );
  const names = new Map<number, string>();
  for (const { key, data } of buckets) {
    const group = Number(key[0]);
    names.set(group, `${names.get(group) ?? ""} ${String(key[1])}=${String(data)}`);
  }
  const nameOf = (group: unknown): string => names.get(Number(group)) ?? "nobody";
  const lines = setNames.flatMap((set) =>
    tables.list(set).map(({ counter: _counter, key, data, comment, ...rest }) => {
      const isOfGroups = set === "node4" || set === "node6";
      const who = isOfGroups ? [nameOf(key[0]), key[1]] : key;
      const what = set === "group_of_port" ? [nameOf(data?.[0])] : data;
      // Of the two figures beside credits the second one grows with each element that was there before.
      const [wanted] = comment?.split(" ") ?? [];
      return `${set} ${JSON.stringify({ key: who, data: what, wanted, ...rest })}`;
    }),
  );
  return [...new Set(lines)].toSorted();
}

function shown(): readonly string[] {
  return [...routing(), ...elements()];
}

/** Lines of one that the other lacks. */
function differences(actual: readonly string[], expected: readonly string[]): readonly string[] {
  return [
    ...actual.filter((line) => !expected.includes(line)).map((line) => `too much: ${line}`),
    ...expected.filter((line) => !actual.includes(line)).map((line) => `missing: ${line}`),
  ];
}

async function bringAbout(engine: Engine, { endpoints, networks }: DesiredState): Promise<void> {
  await engine.apply(endpoints, networks);
}

/** Applies a sequence, on top of what is there; now and then the gateway is another one. */
async function follow(chance: Chance): Promise<{ engine: Engine; last: DesiredState }> {
  let engine = await startEngine();
  let last = aState(chance, namespace);
  for (let step = 0; step < states; step += 1) {
    await bringAbout(engine, last);
    if (step === states - 1) break;
    if (chance.below(3) === 0) {
      await engine.close();
      engine = await startEngine();
    }
    last = aState(chance, namespace);
  }
  return { engine, last };
}

async function judge(seed: number, untouched: readonly string[]): Promise<readonly string[]> {
  const { engine, last } = await follow(new Chance(seed));
  const actual = shown();
  await bringAbout(engine, last);
  const twice = differences(shown(), actual).map((line) => `after the same once more, ${line}`);
  await bringAbout(engine, { endpoints: [], networks: [] });
  const emptied = differences(elements(), []).map((line) => `after everything was removed, ${line}`);
  const unrouted = differences(routing(), untouched).map((line) => `after everything was removed, ${line}`);
  await engine.close();
  await removeRuleset();
  const fresh = await startEngine();
  await bringAbout(fresh, last);
  const scratch = differences(actual, shown());
  // The next sequence finds what this one leaves.
  await fresh.close();
  return [...scratch, ...twice, ...emptied, ...unrouted];
}

const untouched = routing();
for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(count); seed += 1) {
  const problems = await judge(seed, untouched).catch((error: unknown) => [
    error instanceof Error ? (error.stack ?? error.message) : "something was thrown",
  ]);
  console.log(JSON.stringify({ seed, problems }));
}
