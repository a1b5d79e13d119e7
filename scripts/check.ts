/**
 * `npm test`: everything that must hold before a change goes in, in order, the quick things first. A step that fails
 * does not keep the others from running. The very last line is `N passed, N failed, N skipped`.
 */
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { GuardedProcess } from "../test/support/guarded-process.ts";
import { runDemo } from "./demo-step.ts";
import { runTool } from "./tool-step.ts";
import { runVitest } from "./vitest-step.ts";
import type { Step, StepResult } from "./step.ts";

const requiredNodeMajor = 24;

const steps: readonly Step[] = [
  { name: "format", run: (start) => runTool(start, "oxfmt", ["--check", "."], 60_000) },
  { name: "lint", run: (start) => runTool(start, "oxlint", ["--type-aware"], 120_000) },
  { name: "types", run: (start) => runTool(start, "tsc", ["--noEmit"], 120_000) },
  {
    name: "types of the console",
    run: (start) => runTool(start, "tsc", ["--noEmit", "-p", "console"], 120_000),
  },
  { name: "console", run: (start) => runTool(start, "node", ["scripts/build-console.ts"], 120_000) },
  { name: "unit tests", run: (start) => runVitest(start, "unit", 900_000) },
  { name: "acceptance tests", run: (start) => runVitest(start, "acceptance", 1_200_000) },
  { name: "the console in a browser", run: (start) => runVitest(start, "browser", 480_000) },
  { name: "network namespaces", run: (start) => runVitest(start, "netns", 900_000) },
  { name: "demo", run: (start) => runDemo(start, 300_000) },
];

const memoryDirectory = "/dev/shm";
const neededBytes = 2 * 1024 ** 3;

/** Tests make thousands of databases, whose flushes to a disk would take a third of the time. */
function temporaryDirectory(): string {
  try {
    const { bavail, bsize } = statfsSync(memoryDirectory);
    return bavail * bsize >= neededBytes ? memoryDirectory : tmpdir();
  } catch {
    return tmpdir();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function perform(step: Step, running: Set<GuardedProcess>): Promise<StepResult> {
  print(`${step.name} ...`);
  const startedAt = performance.now();
  const elapsed = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
  const heartbeat = setInterval(() => print(`  still at it (${elapsed()} s)`), 30_000);
  const result = await step.run((command, args) => {
    // Enough for the whole output of a step that fails; a step that floods keeps its newest part.
    const TMPDIR = temporaryDirectory();
    const env = {
      ...process.env,
      TMPDIR,
      ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
    };
    const child = new GuardedProcess(command, args, { keptOutputLength: 2_000_000, env });
    running.add(child);
    void child.exited.finally(() => running.delete(child));
    return child;
  });
  clearInterval(heartbeat);
  if (result.failed > 0) print(result.output.trimEnd());
  for (const line of result.skippedBecause) print(`  skipped: ${line}`);
  const counts = `${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`;
  print(`${step.name}: ${result.failed > 0 ? "FAILED" : "ok"} (${counts}, ${elapsed()} s)`);
  return result;
}

async function main(): Promise<void> {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < requiredNodeMajor) {
    throw new Error(`The checks need Node ${requiredNodeMajor}; this is ${process.version}. Run "npm test".`);
  }
  const running = new Set<GuardedProcess>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      const ends = [...running].map((child) => child.stop());
      void Promise.all(ends).finally(() => process.exit(130));
    });
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures: string[] = [];
  for (const step of steps) {
    const { passed, failed, skipped, failedBecause } = await perform(step, running);
    failures.push(...failedBecause);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  for (const line of failures) print(`failed: ${line}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
  print(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
}

await main();
