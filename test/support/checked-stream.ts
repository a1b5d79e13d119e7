import { createHash, randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { eventually } from "./eventually.ts";

export type StreamFigures = { readonly bytes: number; readonly sha256: string };

/** Bytes that all differ, sent to a peer that sends them back: one that is lost, doubled or changed shows. */
export class CheckedStream {
  readonly #socket: Duplex;
  readonly #sent = createHash("sha256");
  readonly #received = createHash("sha256");
  #sentBytes = 0;
  #receivedBytes = 0;
  #goesOn = true;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on("data", this.#receive);
    this.#send();
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Stops sending, and waits until all has come back; the socket is as it was before. @throws Error when it does not */
  async finish(): Promise<{ readonly sent: StreamFigures; readonly received: StreamFigures }> {
    this.#goesOn = false;
    await eventually(() => this.#receivedBytes >= this.#sentBytes, { what: "the last bytes to come back" });
    this.#socket.off("data", this.#receive);
    return {
      sent: { bytes: this.#sentBytes, sha256: this.#sent.digest("hex") },
      received: { bytes: this.#receivedBytes, sha256: this.#received.digest("hex") },
    };
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#received.update(chunk);
    this.#receivedBytes += chunk.length;
    // One chunk is under way at a time: many streams share a machine.
    if (this.#goesOn && this.#receivedBytes === this.#sentBytes) this.#send();
  };

  #send(): void {
    const chunk = randomBytes(16 * 1024);
    this.#sent.update(chunk);
    this.#sentBytes += chunk.length;
    this.#socket.write(chunk);
  }
}
