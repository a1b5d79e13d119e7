import { describeEnd, waitForEnd } from "./step.ts";
import type { Start, StepResult } from "./step.ts";

type DemoReport = {
  readonly ok?: unknown;
  readonly cluster?: { readonly stand_in?: unknown };
};

function parseReport(stdout: string): DemoReport | null {
  try {
    const report: DemoReport | null = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
    return report;
  } catch {
    return null;
  }
}

/**
 * Runs `npm run demo -- --check` as one check. Where only the stand-in could be had, the demo passes and the search
 * on a real cluster counts as one thing skipped.
 */
export async function runDemo(start: Start, timeoutMs: number): Promise<StepResult> {
  const child = start("node", ["demo/main.ts", "--check"]);
  const code = await waitForEnd(child, timeoutMs);
  const report = parseReport(child.stdout);
  const failed = code === 0 && report?.ok === true ? 0 : 1;
  const isStandIn = report?.cluster?.stand_in === true;
  const reasons = child.output.split("\n").filter((line) => line.includes("Skipped "));
  const why = reasons.map((line) => line.replace("Skipped", "").trim()).join("; ");
  const end = describeEnd(code, timeoutMs);
  return {
    passed: 1 - failed,
    failed,
    failedBecause: failed > 0 ? [`demo: ${end}`] : [],
    skipped: isStandIn ? 1 : 0,
    skippedBecause: isStandIn ? [`the demo on a real OpenSearch (${why})`] : [],
    output: `${child.output.trimEnd()}\n${end}`,
  };
}
