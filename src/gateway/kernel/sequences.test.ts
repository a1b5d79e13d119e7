import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { missing, TestNamespace } from "./test-network.ts";
import { devices } from "./test-states.ts";

const child = new URL("test-sequences.ts", import.meta.url).pathname;
const sequences = 200;
/** Most of the time is spent waiting for answers of hosts that are not there. */
const atOnce = 4;
/** Others in each run, so that a few runs are hundreds: what fails is told with its seed, and comes again with the seed in this place. */
const firstSeed = Date.now() % 1_000_000_000;

/** Runs sequences in namespaces of their own. Returns what was printed, a line a sequence. */
async function run(first: number, count: number): Promise<readonly string[]> {
  const [gateway, consumer, apart] = await Promise.all([1, 2, 3].map(() => TestNamespace.create()));
  if (!gateway || !consumer || !apart) throw new Error("There are three namespaces.");
  try {
    for (const device of devices) {
      gateway.connect(device, consumer, device);
      gateway.run(`ip link set ${device} down`);
    }
    const command = ["netns", "exec", gateway.name, process.execPath, child, apart.name];
    const running = spawn("ip", [...command, String(first), String(count)], { timeout: 160_000 });
    let printed = "";
    running.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
    let complaints = "";
    running.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
    const [code] = (await once(running, "close")) as [number | null];
    // Programs also complain of what a test of networks that come and go does on purpose.
    return [...printed.trim().split("\n"), ...(code === 0 ? [] : [complaints])];
  } finally {
    for (const namespace of [gateway, consumer, apart]) await namespace.close();
  }
}

test.skipIf(missing !== undefined)(
  `${sequences} random sequences of changes each end as if the last state had come first${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  { timeout: 180_000 },
  async () => {
    const each = sequences / atOnce;
    const lines = await Promise.all(
      Array.from({ length: atOnce }, (_, index) => run(firstSeed + index * each, each)),
    );
    const expected = Array.from({ length: sequences }, (_, index) =>
      JSON.stringify({ seed: firstSeed + index, problems: [] }),
    );
    expect(lines.flat()).toEqual(expected);
  },
);
