import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, type Bench } from "../result.ts";
import { startBenchServer, type BenchServer } from "./bench-server.ts";

const rounds = 9;
const endpoints = 400;
const atOnce = 32;

interface Round {
  readonly creations: number;
  readonly caps: number;
}

/** Writes through the API, durable, in one process: with the audit trail, and with nothing of it. */
export const benchAudit: Bench = async (progress) => {
  const directory = await mkdtemp(join(tmpdir(), "postern-bench-"));
  const [audited, plain]: [Round[], Round[]] = [[], []];
  try {
    // The first round only warms up.
    for (let round = 0; round <= rounds; round += 1) {
      progress(`round ${round} of ${rounds}: ${endpoints} endpoints created and capped, with and without`);
      const order = round % 2 === 0 ? [true, false] : [false, true];
      for (const isAudited of order) {
        const server = await startBenchServer(join(directory, `${round}-${isAudited}.db`), isAudited);
        const found = await measure(server);
        await server.close();
        if (round > 0) (isAudited ? audited : plain).push(found);
      }
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  const figures = (key: keyof Round): readonly [number, number, number] => [
    median(audited.map((round) => round[key])),
    median(plain.map((round) => round[key])),
    median(audited.map((round, index) => round[key] / (plain[index]?.[key] ?? Number.NaN))),
  ];
  const [creations, caps] = [figures("creations"), figures("caps")];
  const row = (name: string, [ours, theirs, ratio]: readonly [number, number, number]): string[] => [
    name,
    ours.toFixed(0),
    theirs.toFixed(0),
    ratio.toFixed(3),
  ];
  return {
    tables: [
      {
        title: `Writes a second, ${atOnce} at once, durable`,
        header: ["", "with audit trail", "without", "ratio"],
        rows: [row("endpoints created", creations), row("session caps changed", caps)],
      },
    ],
    notes: [
      "Without: no entries, no changes, no chain. The server answers in its own process: a network would hide costs.",
    ],
    ratios: {
      audited_creations_vs_none: Number(creations[2].toFixed(3)),
      audited_caps_vs_none: Number(caps[2].toFixed(3)),
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
  return { creations, caps };
}

async function perSecond(tasks: readonly (() => Promise<void>)[]): Promise<number> {
  const left = [...tasks];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let task = left.pop(); task; task = left.pop()) await task();
    }),
  );
  return tasks.length / ((performance.now() - startedAt) / 1_000);
}
