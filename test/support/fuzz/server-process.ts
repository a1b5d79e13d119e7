import { readdir } from "node:fs/promises";
import { once } from "node:events";
import { eventually } from "../eventually.ts";

/** How many files and sockets a process holds. */
export async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** For the environment of a process whose heap is to be looked at: a port of its own for the inspector. */
export const inspectable = { NODE_OPTIONS: "--inspect-port=0" } as const;

/** The heap of a running Node process, as its inspector shows it. */
export class Heap {
  readonly #socket: WebSocket;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /**
   * Opens the inspector of a process that was started `inspectable`.
   * @param output what the process has printed so far
   */
  static async open(pid: number, output: () => string): Promise<Heap> {
    process.kill(pid, "SIGUSR1");
    const url = await eventually(() => /Debugger listening on (ws:\S+)/.exec(output())?.[1], {
      what: "the inspector of the server",
    });
    const socket = new WebSocket(url);
    await once(socket, "open");
    return new Heap(socket);
  }

  /** Bytes that are in use after everything that nobody needs has been thrown away. */
  async usedBytes(): Promise<number> {
    // What finalizers let go of in the first round goes in the second.
    await this.#call("HeapProfiler.collectGarbage");
    await this.#call("HeapProfiler.collectGarbage");
    const { usedSize = 0 } = await this.#call("Runtime.getHeapUsage");
    return usedSize;
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string): Promise<{ usedSize?: number }> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      const listen = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result?: { usedSize?: number } };
        if (message.id !== id) return;
        this.#socket.removeEventListener("message", listen);
        resolve(message.result ?? {});
      };
      this.#socket.addEventListener("message", listen);
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }
}
