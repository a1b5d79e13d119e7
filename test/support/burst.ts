import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BurstOrder, BurstResult } from "./burst-client.ts";
import type { Address } from "./session.ts";

const program = fileURLToPath(new URL("burst-client.ts", import.meta.url));

/** A client in a process of its own. It ends with `stop()`, and with this process. */
export class BurstClient {
  readonly #child = fork(program, { execArgv: [] });

  /** Opens sessions, all at the same moment; those that are let in are held open. */
  connect({ ip, port }: Address, count: number): Promise<BurstResult> {
    return this.#ask({ kind: "connect", address: { ip, port }, count });
  }

  /** Closes that many of the held sessions, the oldest first. */
  async close(count: number): Promise<void> {
    await this.#ask({ kind: "close", count });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }

  async #ask(order: BurstOrder): Promise<BurstResult> {
    const answered = once(this.#child, "message", { signal: AbortSignal.timeout(50_000) });
    this.#child.send(order);
    const [result]: BurstResult[] = await answered;
    if (!result) throw new Error("The client gave no answer");
    return result;
  }
}
