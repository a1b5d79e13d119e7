import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { EngineAnswer, EngineOrder } from "./engine-orders.ts";

/** The kernel engine in its process, in the namespace of its gateway. */
export class EngineHost {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves once the engine has started. @throws where it does not */
  static async of(child: ChildProcess): Promise<EngineHost> {
    await answerOf(child);
    return new EngineHost(child);
  }

  /** @throws where the engine fails, or has endpoints that failed */
  async order(order: EngineOrder): Promise<EngineAnswer> {
    const answered = answerOf(this.#child);
    this.#child.send(order);
    const answer = (await answered) as EngineAnswer;
    if (answer.failures.length > 0) throw new Error(`The kernel engine failed: ${answer.failures[0]}`);
    return answer;
  }
}

/** Returns the next message. @throws where the process ends without one */
export async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  const exited = once(child, "exit", { signal: ended.signal }).then(([code]) => {
    throw new Error(`A process of the bench ended (${code}); what it said is above.`);
  });
  exited.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, "message", { signal: ended.signal }), exited])) as [
      unknown,
    ];
    return message;
  } finally {
    ended.abort();
  }
}
