import type { CliIo } from "./io.ts";

const red = "\u001B[1;31m";
const plain = "\u001B[0m";

/**
 * Replaces control and formatting characters. Names and messages come from other people and other machines;
 * without this they could move the cursor, change the window title or hide text.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, "\uFFFD");
}

/** Where a command writes what it found: `stdout` for results, `stderr` for everything else. */
export class Output {
  /** Whether the reader is a program. Then `json` is called once, and nothing else goes to `stdout`. */
  readonly isJson: boolean;
  readonly #io: CliIo;

  constructor(io: CliIo, isJson: boolean) {
    this.#io = io;
    this.isJson = isJson;
  }

  /** Writes text of one or more lines to `stdout`. */
  line(text: string): void {
    this.#io.stdout.write(`${printableLines(text)}\n`);
  }

  /** Writes text of one or more lines to `stderr`. */
  note(text: string): void {
    this.#io.stderr.write(`${printableLines(text)}\n`);
  }

  /** Writes a warning that nobody should miss to `stderr`, in colour where a person reads it. */
  warn(text: string): void {
    const warning = printableLines(`WARNING: ${text}`);
    const isColoured = this.#io.isTerminal && (this.#io.env["NO_COLOR"] ?? "") === "";
    this.#io.stderr.write(isColoured ? `${red}${warning}${plain}\n` : `${warning}\n`);
  }

  /** Writes a value as indented JSON to `stdout`. */
  json(value: unknown): void {
    this.#io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
