import type { Readable } from "node:stream";
import type { Terminal } from "./terminal.ts";

/** Anything that text can be written to. */
export interface TextSink {
  write(text: string): unknown;
}

/** All that the CLI knows of the process it runs in; `main.ts` fills it, tests give their own. */
export interface CliIo {
  readonly stdin: Readable;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Whether a person reads `stdout` and can answer on `stdin`. Colour, questions and progress need it. */
  readonly isTerminal: boolean;
  /** The terminal that commands may take over, where there is one. */
  readonly terminal?: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `postern --version` prints. */
  readonly version: string;
}
