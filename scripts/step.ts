import type { GuardedProcess } from "../test/support/guarded-process.ts";

export type StepResult = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each thing that was skipped, with its reason. */
  readonly skippedBecause: readonly string[];
  /** One line for each thing that failed, with the first line of why. */
  readonly failedBecause: readonly string[];
  /** What is printed when something failed. */
  readonly output: string;
};

/** Starts a command of a step; it is looked up in PATH, where node_modules/.bin comes first. */
export type Start = (command: string, args: readonly string[]) => GuardedProcess;

export type Step = { readonly name: string; readonly run: (start: Start) => Promise<StepResult> };

/**
 * Waits for a command of a step, at most `timeoutMs`.
 * @returns its exit code; 124 when it had to be ended.
 */
export async function waitForEnd(child: GuardedProcess, timeoutMs: number): Promise<number> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void child.stop();
  }, timeoutMs);
  const code = await child.exited;
  clearTimeout(timer);
  return isLate ? 124 : code;
}

/** One line on how a command ended, for the end of its output. */
export function describeEnd(code: number, timeoutMs: number): string {
  return code === 124 ? `It was ended after ${timeoutMs / 1000} s.` : `It ended with exit code ${code}.`;
}
