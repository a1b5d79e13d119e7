import { styleText } from "node:util";

/** Tells a person what is going on; colour only where a terminal can show it. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** A new step begins. */
  step(text: string): void {
    this.#stream.write(`${this.#style("bold", text)}\n`);
  }

  /** Something was reached. */
  done(text: string): void {
    this.#stream.write(`  ${this.#style("green", "ok")} ${text}\n`);
  }

  /** Something is going on within the step. */
  note(text: string): void {
    this.#stream.write(`     ${this.#style("dim", text.replaceAll("\n", "\n     "))}\n`);
  }

  /** A command of the CLI that is being run. */
  command(text: string): void {
    this.#stream.write(`     ${this.#style("cyan", `$ ${text}`)}\n`);
  }

  fail(text: string): void {
    this.#stream.write(`${this.#style("red", "FAILED")} ${text}\n`);
  }

  plain(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  #style(format: Parameters<typeof styleText>[0], text: string): string {
    return this.#stream.isTTY ? styleText(format, text, { stream: this.#stream }) : text;
  }
}
