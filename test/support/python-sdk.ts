import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../acceptance/python/client.py", import.meta.url));

/** Who signs. Without a project (or, for the identity client, an account) the client looks it up. */
export type PythonCaller = {
  readonly access_key: string;
  readonly secret_key: string;
  readonly security_token?: string;
  readonly account_id?: string;
  readonly project_id?: string;
};

/** What the clients are to know; it goes to them by standard input. */
export type PythonSetting = {
  readonly endpoint: string;
  readonly region: string;
  readonly callers: Readonly<Record<string, PythonCaller>>;
};

/** What a method returned, as the client's models hold it. */
export type PythonAnswer<Body> = { readonly status: number; readonly body: Body };

/** A client and the name of one of its methods. */
export type PythonMethod = `${"css" | "vpcep" | "iam"}.${string}`;
type Result = Partial<PythonAnswer<unknown>> & { readonly exception?: string };

/** The published Python clients in a process of their own, which ends with this one or with `stop()`. */
export class PythonSdk {
  readonly #child;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  /** @param python the program of an environment that has the clients, see `providePython` */
  constructor(python: string, setting: PythonSetting) {
    this.#child = spawn(python, [program], { stdio: "pipe" });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    this.#child.stdin.on("error", () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stdin.write(`${JSON.stringify(setting)}\n`);
  }

  /**
   * One call of a client's method, such as `call("owner", "css.start_vpcep", { cluster_id, body: {} })`.
   * @throws Error when the client raised an exception, or the program itself failed
   */
  async call<Body = unknown>(
    caller: string | PythonCaller,
    method: PythonMethod,
    request: object = {},
  ): Promise<PythonAnswer<Body>> {
    const result = await this.#perform(caller, method, request);
    if (result.exception !== undefined) throw new Error(`${method} raised ${JSON.stringify(result)}`);
    // The type argument is the caller's word for what the client's model holds.
    return result as PythonAnswer<Body>;
  }

  /** The fields of the exception that the client raises. @throws Error when it raises none */
  async exceptionOf(
    caller: string | PythonCaller,
    method: PythonMethod,
    request: object = {},
  ): Promise<object> {
    const result = await this.#perform(caller, method, request);
    if (result.exception === undefined) throw new Error(`${method} gave ${JSON.stringify(result)}`);
    return result;
  }

  async #perform(caller: string | PythonCaller, operation: PythonMethod, request: object): Promise<Result> {
    const [client, method] = operation.split(".");
    this.#child.stdin.write(`${JSON.stringify({ caller, client, method, request })}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`The Python clients failed at ${operation}:\n${this.#errors}`);
    const result: Result = JSON.parse(line.value);
    return result;
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    await ended;
  }
}
