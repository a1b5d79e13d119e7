import type { OperationReply } from "./operation.ts";

/** Characters that all cached bodies and their keys may have together. */
const sizeLimit = 32 * 1024 * 1024;
/** From here on, encoding the text for every request costs more than a second chunk in the write. */
const encodedFromLength = 16 * 1024;

/**
 * Rendered answers of reads that are asked for again and again. All of them are dropped with the next commit:
 * that is always right, and a control plane is read far more often than it is written.
 */
export class ResponseCache {
  readonly #generation: () => number;
  readonly #replies = new Map<string, OperationReply>();
  #filledAt = -1;
  #size = 0;

  /** @param generation what the store's data is at; grows with every commit */
  constructor(generation: () => number) {
    this.#generation = generation;
  }

  /**
   * Returns the cached answer at once, or renders it. An answer that a commit overtook while it was rendered is
   * returned, but not kept.
   */
  get(key: string, render: () => Promise<OperationReply>): OperationReply | Promise<OperationReply> {
    const generation = this.#generation();
    if (generation !== this.#filledAt) this.#clear(generation);
    return this.#replies.get(key) ?? this.#render(key, generation, render);
  }

  async #render(
    key: string,
    generation: number,
    render: () => Promise<OperationReply>,
  ): Promise<OperationReply> {
    const rendered = await render();
    const { body } = rendered;
    // What is no text is not meant for the cache.
    if (typeof body !== "string") return rendered;
    const reply = body.length >= encodedFromLength ? { ...rendered, body: Buffer.from(body) } : rendered;
    const size = key.length + body.length;
    if (this.#generation() === generation && this.#filledAt === generation) this.#keep(key, reply, size);
    return reply;
  }

  #keep(key: string, reply: OperationReply, size: number): void {
    if (this.#size + size > sizeLimit) this.#clear(this.#filledAt);
    this.#replies.set(key, reply);
    this.#size += size;
  }

  #clear(generation: number): void {
    this.#replies.clear();
    this.#size = 0;
    this.#filledAt = generation;
  }
}
