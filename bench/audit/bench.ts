import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { median, type Bench } from "../result.ts";
import { startBenchServer, type BenchServer, type Trail } from "./bench-server.ts";

const rounds = 7;
const endpoints = 400;
const atOnce = 32;

interface Round {
  readonly creations: number;
  readonly caps: number;
  /** By processor time: what else the machine does matters less. */
  readonly creationsOfCpu: number;
  readonly capsOfCpu: number;
}

const trails = ["whole", "entries", "none"] as const;

/** Writes through the API, durable, in one process: with the audit trail, with plain entries, and with nothing of it. */
export const benchAudit: Bench = async (progress) => {
  const directory = await mkdtemp(join(tmpdir(), "postern-bench-"));
  const found: Record<Trail, Round[]> = { whole: [], entries: [], none: [] };
  try {
    // The first round only warms up.
    for (let round = 0; round <= rounds; round += 1) {
      progress(`round ${round} of ${rounds}: ${endpoints} endpoints created and capped, three times`);
      for (const trail of round % 2 === 0 ? trails : trails.toReversed()) {
        const server = await startBenchServer(join(directory, `${round}-${trail}.db`), trail);
        const figures = await measure(server);
        await server.close();
        if (round > 0) found[trail].push(figures);
      }
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  const rates = (key: keyof Round): readonly number[] =>
    trails.map((trail) => median(found[trail].map((r) => r[key])));
  /** Of pairs that ran one after the other: the machine's mood cancels out. */
  const ratio = (key: keyof Round, to: Trail): number =>
    median(found.whole.map((round, index) => round[key] / (found[to][index]?.[key] ?? Number.NaN)));
  const row = (name: string, key: keyof Round): string[] => [
    name,
    ...rates(key).map((rate) => rate.toFixed(0)),
    ratio(key, "entries").toFixed(2),
    ratio(key, "none").toFixed(2),
  ];
  return {
    tables: [
      {
        title: `Writes a second, ${atOnce} at once, durable`,
        header: ["", "whole trail", "plain entries", "none", "to entries", "to none"],
        rows: [
          row("endpoints created", "creations"),
          row("the same, by processor time", "creationsOfCpu"),
          row("session caps changed", "caps"),
          row("the same, by processor time", "capsOfCpu"),
        ],
      },
    ],
    notes: [
      "Plain entries: who did what, without the rows that changed and without the chain. All in one process, with a model " +
        "of the gateways, and without events: sockets, gateways and events would hide costs.",
    ],
    ratios: {
      audited_creations_vs_entries: Number(ratio("creations", "entries").toFixed(3)),
      audited_creations_vs_none: Number(ratio("creations", "none").toFixed(3)),
      audited_caps_vs_entries: Number(ratio("caps", "entries").toFixed(3)),
      audited_caps_vs_none: Number(ratio("caps", "none").toFixed(3)),
      audited_creations_vs_none_cpu: Number(ratio("creationsOfCpu", "none").toFixed(3)),
      audited_caps_vs_none_cpu: Number(ratio("capsOfCpu", "none").toFixed(3)),
    },
    ms: {},
    bytes: {},
  };
};

async function measure(server: BenchServer): Promise<Round> {
  const ids: string[] = [];
  const create = async (): Promise<void> => void ids.push(await server.createEndpoint());
  const creations = await perSecond(Array.from({ length: endpoints }, () => create));
  const caps = await perSecond(ids.map((id, index) => () => server.setCap(id, index + 1)));
  return {
    creations: creations.ofTime,
    caps: caps.ofTime,
    creationsOfCpu: creations.ofCpu,
    capsOfCpu: caps.ofCpu,
  };
}

interface Rate {
  readonly ofTime: number;
  readonly ofCpu: number;
}

async function perSecond(tasks: readonly (() => Promise<void>)[]): Promise<Rate> {
  const left = [...tasks];
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let task = left.pop(); task; task = left.pop()) await task();
    }),
  );
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    ofTime: tasks.length / ((performance.now() - startedAt) / 1_000),
    ofCpu: tasks.length / ((user + system) / 1_000_000),
  };
}
