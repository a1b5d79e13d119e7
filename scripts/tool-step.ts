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
  const output = `${child.output.trimEnd()}\n${describeEnd(code, timeoutMs)}`;
  return { passed: 1 - failed, failed, skipped: 0, skippedBecause: [], output };
}
