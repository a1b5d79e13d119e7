/** Ends a command: what happened and why, what to do next, and the exit status (1: refused or failed). */
export class CliError extends Error {
  /** What to do next, in full sentences or as a command line; may have several lines. */
  readonly nextStep: string;
  readonly exitCode: 1 | 2;

  constructor(message: string, nextStep: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = "CliError";
    this.nextStep = nextStep;
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong: exit status 2, nothing was sent that changes anything. */
export class UsageError extends CliError {
  constructor(message: string, nextStep: string) {
    super(message, nextStep, 2);
    this.name = "UsageError";
  }
}
