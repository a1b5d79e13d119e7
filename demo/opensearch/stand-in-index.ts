export type Source = Readonly<Record<string, unknown>>;
export type Hit = {
  readonly _index: string;
  readonly _id: string;
  readonly _score: number;
  readonly _source: Source;
};

/** A query that the stand-in does not know; the text names it. */
export class UnknownQueryError extends Error {}

function words(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(words);
  return typeof value === "string" || typeof value === "number"
    ? (String(value)
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu) ?? [])
    : [];
}

/** Tells a JSON object from every other JSON value. */
export function isObject(value: unknown): value is Source {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entry(object: unknown): [string, unknown] | undefined {
  return isObject(object) ? Object.entries(object)[0] : undefined;
}

/** Gives a score above zero for each document that the query finds. */
function compile(query: unknown): (source: Source) => number {
  const [kind, argument] = entry(query) ?? ["match_all", {}];
  if (kind === "match_all") return () => 1;
  const [field, value] = entry(argument) ?? [];
  if ((kind === "match" || kind === "term") && field !== undefined) {
    const wanted = new Set(words(isObject(value) ? Object.values(value)[0] : value));
    return (source) => {
      const text = words(source[field]);
      return text.length === 0 ? 0 : text.filter((word) => wanted.has(word)).length / Math.sqrt(text.length);
    };
  }
  if (kind === "query_string") {
    const wanted = new Set(words(isObject(argument) ? argument["query"] : ""));
    return (source) => words(Object.values(source)).filter((word) => wanted.has(word)).length;
  }
  throw new UnknownQueryError(`the stand-in knows match, match_all, term and query_string, not [${kind}]`);
}

/** Documents in memory with the plainest of searches: words are compared, nothing is stemmed. */
export class StandInIndex {
  readonly #name: string;
  readonly #documents = new Map<string, Source>();
  readonly #maxDocuments = 100_000;

  constructor(name: string) {
    this.#name = name;
  }

  get size(): number {
    return this.#documents.size;
  }

  get(id: string): Source | undefined {
    return this.#documents.get(id);
  }

  /** @throws RangeError when the index is full. */
  put(id: string, source: Source): "created" | "updated" {
    const existed = this.#documents.has(id);
    if (!existed && this.#documents.size >= this.#maxDocuments) {
      throw new RangeError(`the stand-in holds at most ${this.#maxDocuments} documents`);
    }
    this.#documents.set(id, source);
    return existed ? "updated" : "created";
  }

  delete(id: string): boolean {
    return this.#documents.delete(id);
  }

  /**
   * All documents that the query finds, best first.
   * @throws UnknownQueryError
   */
  search(query: unknown): Hit[] {
    const score = compile(query);
    return [...this.#documents]
      .map(([_id, _source]) => ({ _index: this.#name, _id, _score: score(_source), _source }))
      .filter((hit) => hit._score > 0)
      .toSorted((a, b) => b._score - a._score);
  }
}
