import type { Board } from "../board.ts";
import { median, type BenchResult, type Table } from "../result.ts";
import type { Revoked } from "./revoke.ts";
import type { Scale } from "./scale.ts";

export interface Findings {
  readonly board: Board;
  readonly names: readonly string[];
  readonly rounds: number;
  readonly revoked: readonly Revoked[];
  readonly heldSessions: number;
  readonly scales: readonly Scale[];
}

/** One goal, what was measured, and whether that reaches it. */
interface Goal {
  readonly key: string;
  readonly kind: "ratios" | "ms" | "bytes";
  readonly title: string;
  readonly measured: number | undefined;
  readonly relation: "≥" | "≤";
  readonly wanted: number;
}

export function report(findings: Findings): BenchResult {
  const { board, names, rounds, scales } = findings;
  const goals = goalsOf(findings);
  const of = (kind: Goal["kind"]): Record<string, number> =>
    Object.fromEntries(
      goals.flatMap((goal) =>
        goal.kind === kind && goal.measured !== undefined
          ? [[goal.key, rounded(goal.measured)] as const]
          : [],
      ),
    );
  return {
    tables: [
      board.table(
        `Gateways side by side (medians of ${rounds} interleaved rounds; x = postern divided by the other)`,
        names,
      ),
      scaleTable(scales),
      goalTable(goals),
    ],
    notes: [
      "CPU is that of the whole host, so other work on it counts too. Single runs spread by about 20 %.",
    ],
    ratios: { ...board.ratios(names), ...of("ratios") },
    ms: of("ms"),
    bytes: of("bytes"),
  };
}

function goalsOf(findings: Findings): readonly Goal[] {
  return [...againstOthers(findings), ...revokeGoals(findings), ...scaleGoals(findings.scales)];
}

function againstOthers({ board, names }: Findings): readonly Goal[] {
  const goal = (measure: string, other: string, relation: Goal["relation"], wanted: number): Goal => ({
    key: `${measure}_vs_${other}`,
    kind: "ratios",
    title: `${measure} / ${other}`,
    measured: board.ratio(measure, other),
    relation,
    wanted,
  });
  const proxies = names.filter((name) => name === "haproxy" || name === "nginx");
  return [
    goal("bulk8", "routing", "≥", 0.95),
    goal("bulk1", "routing", "≥", 0.85),
    goal("cps", "routing", "≥", 0.75),
    ...proxies.flatMap((proxy) => [
      ...["bulk1", "bulk8", "cps"].map((measure) => goal(measure, proxy, "≥", 1)),
      ...["cpu_per_gb", "p50", "p50_c4"].map((measure) => goal(measure, proxy, "≤", 1)),
    ]),
  ];
}

function revokeGoals({ revoked, heldSessions }: Findings): readonly Goal[] {
  const of = (pick: (one: Revoked) => number): number => median(revoked.map(pick));
  const bytes = revoked.flatMap(({ sessionBytes }) => (sessionBytes === undefined ? [] : [sessionBytes]));
  const goal = (key: string, title: string, measured: number, wanted: number): Goal => ({
    key: `reject_${heldSessions}_${key}`,
    kind: "ms",
    title: `reject with ${heldSessions} live sessions: ${title}, ms`,
    measured,
    relation: "≤",
    wanted,
  });
  // Where the last byte was on its way when the order came, it came before.
  const lastByteMs = Math.max(
    0,
    of((one) => one.lastByteMs),
  );
  const bothResetMs = of((one) => Math.max(one.consumerResetMs, one.nodeResetMs));
  return [
    goal("last_byte", "last byte at the node", lastByteMs, 30),
    goal("both_reset", "all consumers and nodes reset", bothResetMs, 150),
    {
      key: "idle_session",
      kind: "bytes",
      title: "an idle session's own entry of conntrack, bytes",
      measured: bytes.length === 0 ? undefined : median(bytes),
      relation: "≤",
      wanted: 1024,
    },
  ];
}

function scaleGoals(scales: readonly Scale[]): readonly Goal[] {
  const [few] = scales;
  if (few === undefined) return [];
  return scales.slice(1).flatMap((scale): readonly Goal[] => {
    const at = `${scale.endpoints} endpoints`;
    const short = shortNumber(scale.endpoints);
    const ratio = (what: string, value: number): Goal => ({
      key: `${what}_${short}_vs_${shortNumber(few.endpoints)}`,
      kind: "ratios",
      title: `${what} at ${at} / at ${few.endpoints}`,
      measured: value,
      relation: "≥",
      wanted: 0.95,
    });
    const ms = (key: string, title: string, measured: number, wanted: number): Goal => ({
      key: `${key}_${short}`,
      kind: "ms",
      title: `${at}: ${title}, ms`,
      measured,
      relation: "≤",
      wanted,
    });
    return [
      ratio("cps", scale.connectionsPerSecond / few.connectionsPerSecond),
      ratio("bulk", scale.gigabits / few.gigabits),
      ms("apply", "all from nothing", scale.allMs, 5_000),
      ms("add_one_at", "one added, but for the wait for hosts that may have its address", scale.addMs, 5),
      ms("revoke_one_at", "one rejected by apply", scale.revokeMs, 5),
      ms("add_elements_at", "elements of one added", scale.addBatchMs, 5),
    ];
  });
}

/** `10`, `1k`, `100k`. */
function shortNumber(count: number): string {
  return count >= 1_000 ? `${count / 1_000}k` : String(count);
}

function scaleTable(scales: readonly Scale[]): Table {
  const row = (title: string, digits: number, value: (scale: Scale) => number): readonly string[] => [
    title,
    ...scales.map((scale) => value(scale).toFixed(digits)),
  ];
  return {
    title: "Many endpoints (medians of interleaved rounds)",
    header: ["endpoints", ...scales.map(({ endpoints }) => String(endpoints))],
    rows: [
      row("new connections a second", 0, ({ connectionsPerSecond }) => connectionsPerSecond),
      row("bulk, 8 streams, Gbit/s", 1, ({ gigabits }) => gigabits),
      row("all from nothing, ms", 0, ({ allMs }) => allMs),
      row("one added, ms", 1, ({ addMs }) => addMs),
      row("  with the wait for hosts that may have its address", 0, ({ addWholeMs }) => addWholeMs),
      row("one rejected, ms", 1, ({ revokeMs }) => revokeMs),
      row("elements of one added, ms", 2, ({ addBatchMs }) => addBatchMs),
      row("elements of one removed, ms", 2, ({ removeBatchMs }) => removeBatchMs),
      row("memory of the engine's process, MiB", 0, ({ rssBytes }) => rssBytes / 2 ** 20),
    ],
  };
}

function goalTable(goals: readonly Goal[]): Table {
  return {
    title: "Goals",
    header: ["", "goal", "measured", ""],
    rows: goals.map(({ title, relation, wanted, measured }) => {
      if (measured === undefined) return [title, `${relation} ${wanted}`, "-", ""];
      const isReached = relation === "≥" ? measured >= wanted : measured <= wanted;
      return [title, `${relation} ${wanted}`, String(rounded(measured)), isReached ? "reached" : "missed"];
    }),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}
