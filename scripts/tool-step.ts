import { describeEnd, waitForEnd } from "./step.ts";
import type { Start, StepResult } from "./step.ts";

/** A tool whose exit code says it all; it counts as one check. */
export async function runTool(
  start: Start,
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<StepResult> {
  const child = start(command, args);
  const code = await waitForEnd(child, timeoutMs);
  const failed = code === 0 ? 0 : 1;
  const end = describeEnd(code, timeoutMs);
  const output = `${child.output.trimEnd()}\n${end}`;
  const failedBecause = failed > 0 ? [`${command} ${args.join(" ")}: ${end}`] : [];
  return { passed: 1 - failed, failed, skipped: 0, skippedBecause: [], failedBecause, output };
}
