import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describeEnd, waitForEnd } from "./step.ts";
import type { Start, StepResult } from "./step.ts";

/** The part of the report of Vitest's JSON reporter that is read here. */
export type VitestReport = {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: "passed" | "failed";
    /** Why the file itself failed; empty when it did not. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
};

type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

/**
 * Counts every test as one, and as one failure more each file that failed without a failed test (it could not be
 * loaded, or its worker died) and the run itself when it found no test or ended badly for another reason.
 */
export function countTests(report: VitestReport | undefined, exitCode: number): Counts {
  const files = report?.testResults ?? [];
  const statuses = files.flatMap((file) => file.assertionResults.map(({ status }) => status));
  const passed = statuses.filter((status) => status === "passed").length;
  const failedTests = statuses.filter((status) => status === "failed").length;
  const brokenFiles = files.filter(
    (file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  ).length;
  const failed = failedTests + brokenFiles;
  const isUnexplained = failed === 0 && (exitCode !== 0 || statuses.length === 0);
  return { passed, failed: isUnexplained ? 1 : failed, skipped: statuses.length - passed - failedTests };
}

const longestReason = 200;

function failureLine(what: string, why = ""): string {
  return `${what}: ${stripVTControlCharacters(why).split("\n")[0]?.slice(0, longestReason)}`;
}

/** What failed and the first line of why: the output is long, and may reach its reader cut short. */
export function describeFailures(report: VitestReport | undefined): string[] {
  return (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (status === "failed" && failed.length === 0) return [failureLine(file, message)];
    return failed.map((test) => failureLine(`${file} > ${test.fullName}`, test.failureMessages[0]));
  });
}

/** Vitest's output without the tests that passed, which hide the others. */
export function withoutPassed(output: string): string {
  const lines = output.split("\n");
  return lines.filter((line) => !/^\s*✓ /.test(stripVTControlCharacters(line))).join("\n");
}

/** The JSON report has no place for the reason of a skip; the verbose reporter prints it: `↓ name [reason]`. */
export function skippedTests(output: string): string[] {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim());
  return lines
    .filter((line) => /^[↓□] /.test(line))
    .map((line) => `${line.slice(2)}${line.endsWith("]") ? "" : " [no reason is given]"}`);
}

async function readReport(path: string): Promise<VitestReport | undefined> {
  try {
    const report: VitestReport = JSON.parse(await readFile(path, "utf8"));
    return report;
  } catch {
    return undefined;
  }
}

/** Runs the tests of one Vitest project. */
export async function runVitest(start: Start, project: string, timeoutMs: number): Promise<StepResult> {
  const directory = await mkdtemp(join(tmpdir(), "postern-check-"));
  try {
    const file = join(directory, "report.json");
    const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${file}`];
    const child = start("vitest", ["run", "--project", project, ...reporters]);
    const code = await waitForEnd(child, timeoutMs);
    const report = await readReport(file);
    const counts = countTests(report, code);
    const nothing = counts.passed + counts.skipped === 0 ? "No test was run. " : "";
    const end = `${nothing}${describeEnd(code, timeoutMs)}`;
    const named = describeFailures(report);
    return {
      ...counts,
      skippedBecause: skippedTests(child.output),
      failedBecause: counts.failed > 0 && named.length === 0 ? [`${project}: ${end}`] : named,
      output: `${withoutPassed(child.output).trimEnd()}\n${end}`,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
