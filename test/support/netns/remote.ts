import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Namespace } from "./namespace.ts";
import type { Answer, Call, Procedures } from "./serve.ts";

const patienceMs = 100_000;

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/** A program beside this file, running in a namespace; it ends with `stop()`, and with this process. */
export class Remote<Served extends Procedures> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", ({ id, value, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(Object.assign(new Error(error.message), error.code ? { code: error.code } : {}));
    });
    child.on("exit", () => {
      for (const { reject } of this.#waiting.values())
        reject(new Error("The program in the namespace ended"));
    });
  }

  /** Starts the program `NAME-program.ts`; its procedures are the type argument. */
  static async start<Served extends Procedures>(namespace: Namespace, name: string): Promise<Remote<Served>> {
    const [command = "", ...args] = namespace.prefix;
    const program = fileURLToPath(new URL(`${name}-program.ts`, import.meta.url));
    // The channel is an inherited descriptor: it works across namespaces.
    const child = fork(program, [], { execPath: command, execArgv: [...args, process.execPath] });
    await once(child, "message", { signal: AbortSignal.timeout(patienceMs) });
    return new Remote<Served>(child);
  }

  /** Has a procedure run there. @throws Error with message and code of what it threw, or after 100 s */
  async call<Name extends keyof Served & string>(
    name: Name,
    ...args: Parameters<Served[Name]>
  ): Promise<Awaited<ReturnType<Served[Name]>>> {
    const id = ++this.#calls;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const timer = setTimeout(() => reject(new Error(`${name} gave no answer`)), patienceMs);
    const call: Call = { id, name, args };
    this.#child.send(call);
    try {
      return (await promise) as Awaited<ReturnType<Served[Name]>>;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || !this.#child.connected) return;
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}
