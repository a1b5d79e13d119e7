/** A rendered answer, with the ETag of the resource. */
export interface CachedResponse {
  readonly body: string;
  readonly etag: string;
}

/** Characters that all cached bodies may have together. */
const sizeLimit = 32 * 1024 * 1024;

/**
 * Rendered answers of reads that are asked for again and again. All of them are dropped with the next commit:
 * that is always right, and a control plane is read far more often than it is written.
 */
export class ResponseCache {
  readonly #generation: () => number;
  readonly #entries = new Map<string, CachedResponse>();
  #filledAt = -1;
  #size = 0;

  /** @param generation what the store's data is at; grows with every commit */
  constructor(generation: () => number) {
    this.#generation = generation;
  }

  /**
   * Returns the cached answer or renders it. An answer that a commit overtook while it was rendered is returned, but
   * not kept.
   */
  async get(key: string, render: () => Promise<CachedResponse>): Promise<CachedResponse> {
    const generation = this.#generation();
    if (generation !== this.#filledAt) this.#clear(generation);
    const cached = this.#entries.get(key);
    if (cached) return cached;
    const rendered = await render();
    if (this.#generation() === generation && this.#filledAt === generation) this.#keep(key, rendered);
    return rendered;
  }

  #keep(key: string, response: CachedResponse): void {
    if (this.#size + response.body.length > sizeLimit) this.#clear(this.#filledAt);
    this.#entries.set(key, response);
    this.#size += response.body.length;
  }

  #clear(generation: number): void {
    this.#entries.clear();
    this.#size = 0;
    this.#filledAt = generation;
  }
}
