import type { DesiredNode } from "../../domain/desired.ts";
import type { WorkerMessage } from "./messages.ts";

/** Tells the main thread of trouble, each kind and node once a round, however many sessions meet it. */
export class Reports {
  readonly #send: (message: WorkerMessage) => void;
  readonly #told = new Set<string>();

  constructor(send: (message: WorkerMessage) => void) {
    this.#send = send;
  }

  nodeUnreachable(node: DesiredNode): void {
    this.#once(`node ${node.host} ${node.port}`, { kind: "nodeUnreachable", node });
  }

  acceptFailed(error: Error): void {
    this.#once("accept", { kind: "acceptFailed", message: error.message });
  }

  /** Begins a new round. */
  nextRound(): void {
    this.#told.clear();
  }

  #once(name: string, message: WorkerMessage): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#send(message);
  }
}
