import { apiError } from "./api-error.ts";
import { CliError } from "./cli-error.ts";
import { DryRunAnswer, type Plan } from "./dry-run.ts";
import { isJsonList, isJsonObject } from "./json.ts";
import type { Target } from "./target.ts";

/** An answer that was no error. */
export interface Answer<Body> {
  readonly body: Body;
  /** For `If-Match`; null where the answer carries none. */
  readonly etag: string | null;
  /** Whether the gateways have applied the change: `true`, `pending`; null on answers that say nothing of it. */
  readonly enforced: string | null;
  /** Sessions that the change cut. */
  readonly severed: number;
}

export interface RequestOptions {
  readonly query?: Readonly<Record<string, number | string>>;
  readonly body?: object;
  readonly ifMatch?: string | null;
}

/** Path segments below the endpoint; each is encoded when it is sent. */
export type Path = readonly string[];

interface Page {
  readonly total_count: number;
}

/** Longer than the 5 s that the server waits for gateways plus the probing of a cluster's nodes. */
const defaultTimeoutMs = 30_000;
const bodyLimitBytes = 64 * 1024 * 1024;
const progressAfterMs = 1_000;
const pageSize = 1_000;
const pagesLimit = 100;

/** Speaks the public HTTP API on behalf of one project. Every request has a time limit and every answer a size limit. */
export class ApiClient {
  readonly #target: Target;
  readonly #onWaiting: (text: string) => void;
  readonly #timeoutMs: number;
  readonly #isDryRun: boolean;

  /**
   * @param onWaiting told once when a request takes over a second
   * @param isDryRun writes only ask what they would do
   * @param timeoutMs for one request with its answer
   */
  constructor(
    target: Target,
    onWaiting: (text: string) => void,
    isDryRun = false,
    timeoutMs = defaultTimeoutMs,
  ) {
    this.#target = target;
    this.#onWaiting = onWaiting;
    this.#isDryRun = isDryRun;
    this.#timeoutMs = timeoutMs;
  }

  /** Returns a path of Postern's own API in this project. */
  own(...segments: readonly string[]): Path {
    return ["postern", "v1", this.#target.projectId, ...segments];
  }

  /** Returns the path of one endpoint in the VPCEP API. */
  vpcEndpoint(id: string): Path {
    return ["v1", this.#target.projectId, "vpc-endpoints", id];
  }

  /** Returns the path of one cluster's endpoint service in the CSS API. */
  endpointService(clusterId: string, operation: string): Path {
    return ["v1.0", this.#target.projectId, "clusters", clusterId, "vpcepservice", operation];
  }

  /** Returns the path of one cluster in the CSS API. */
  cluster(clusterId: string): Path {
    return ["v1.0", this.#target.projectId, "clusters", clusterId];
  }

  /**
   * @throws ApiError for an answer from 300 on
   * @throws CliError where there is no answer, or one that is not Postern's
   * @throws DryRunAnswer in place of every write's answer in a dry run
   */
  async request<Body extends object>(
    method: string,
    path: Path,
    options: RequestOptions = {},
  ): Promise<Answer<Body>> {
    const waiting = setTimeout(
      () => this.#onWaiting(`Waiting for ${this.#target.endpoint} ...`),
      progressAfterMs,
    );
    try {
      const response = await this.#send(method, path, options);
      const body = parseJson(await readLimited(response));
      if (!response.ok)
        throw apiError(response.status, body, response.headers.get("x-request-id"), this.#target);
      if (!isJsonObject<Body>(body)) throw this.#notPostern("its answer is no JSON object");
      if (this.#isDryRun && method !== "GET") throw this.#planned(response, body);
      return {
        body,
        etag: response.headers.get("etag"),
        enforced: response.headers.get("x-postern-enforced"),
        severed: Number(response.headers.get("x-postern-severed") ?? 0) || 0,
      };
    } catch (error) {
      throw error instanceof CliError || error instanceof DryRunAnswer
        ? error
        : this.#noAnswer(method, error);
    } finally {
      clearTimeout(waiting);
    }
  }

  /**
   * Makes a request whose answer is bytes of any number, without a limit of its time.
   * @throws ApiError, CliError as `request` does; what comes may still break off
   */
  async download(method: string, path: Path): Promise<ReadableStream<Uint8Array>> {
    let response: Response;
    try {
      response = await this.#send(method, path, {}, new AbortController().signal);
    } catch (error) {
      throw this.#noAnswer(method, error);
    }
    const type = response.headers.get("content-type") ?? "";
    if (response.ok && response.body && !type.startsWith("application/json")) return response.body;
    const body = parseJson(await readLimited(response));
    if (!response.ok)
      throw apiError(response.status, body, response.headers.get("x-request-id"), this.#target);
    throw this.#notPostern("its answer holds no bytes");
  }

  async get<Body extends object>(path: Path, query: RequestOptions["query"] = {}): Promise<Body> {
    return (await this.request<Body>("GET", path, { query })).body;
  }

  /** Returns every item of a paged list, up to 100,000. */
  async list<Item extends object>(path: Path, key: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let page = 0; page < pagesLimit; page += 1) {
      const body = await this.get<Page & Record<string, unknown>>(path, {
        offset: items.length,
        limit: pageSize,
      });
      const found = body[key];
      if (!isJsonList<Item>(found)) throw this.#notPostern(`its answer holds no list "${key}"`);
      items.push(...found);
      if (found.length === 0 || items.length >= body.total_count) break;
    }
    return items;
  }

  /**
   * Returns the lines of an answer that goes on for as long as there is something.
   * @param idleTimeoutMs longest time without a byte
   * @throws ApiError, CliError
   */
  async *lines(
    path: Path,
    query: RequestOptions["query"] = {},
    idleTimeoutMs = defaultTimeoutMs,
  ): AsyncIterable<string> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new DOMException("silence", "TimeoutError")), idleTimeoutMs);
    try {
      const response = await this.#send("GET", path, { query }, silence.signal);
      if (!response.ok) {
        const body = parseJson(await readLimited(response));
        throw apiError(response.status, body, response.headers.get("x-request-id"), this.#target);
      }
      const decoder = new TextDecoder();
      let rest = "";
      for await (const chunk of response.body ?? []) {
        timer.refresh();
        const [last = "", ...whole] = (rest + decoder.decode(chunk, { stream: true }))
          .split("\n")
          .toReversed();
        yield* whole.toReversed();
        if (last.length > bodyLimitBytes) throw this.#notPostern("a line of its answer has no end");
        rest = last;
      }
      if (rest !== "") throw new CliError("The answer ended in the middle of a line.", "Ask again.");
    } catch (error) {
      throw error instanceof CliError ? error : this.#noAnswer("GET", error);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Follows an event stream until the server ends it. Gives its text in pieces.
   * @param lastEventId where an earlier stream ended; null: there was none
   * @throws as `request`
   */
  async *follow(
    path: Path,
    query: RequestOptions["query"],
    lastEventId: string | null,
  ): AsyncGenerator<string, void> {
    const idle = new AbortController();
    const fresh = (): NodeJS.Timeout => setTimeout(() => idle.abort(), this.#timeoutMs);
    // The server says something every 15 s.
    let timer = fresh();
    try {
      const headers = {
        accept: "text/event-stream",
        ...(lastEventId === null ? {} : { "last-event-id": lastEventId }),
      };
      const response = await this.#send("GET", path, { query: query ?? {} }, idle.signal, headers);
      if (!response.ok) {
        const body = parseJson(await readLimited(response));
        throw apiError(response.status, body, response.headers.get("x-request-id"), this.#target);
      }
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = fresh();
        yield decoder.decode(chunk, { stream: true });
      }
    } catch (error) {
      throw error instanceof CliError ? error : this.#noAnswer("GET", error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(
    method: string,
    path: Path,
    options: RequestOptions,
    signal = AbortSignal.timeout(this.#timeoutMs),
    extra: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(options.query ?? {})) query.set(key, String(value));
    const search = query.size === 0 ? "" : `?${query.toString()}`;
    const headers = new Headers({ "x-auth-token": this.#target.token, accept: "application/json", ...extra });
    if (options.body !== undefined) headers.set("content-type", "application/json");
    if (typeof options.ifMatch === "string") headers.set("if-match", options.ifMatch);
    if (this.#isDryRun && method !== "GET") headers.set("x-postern-dry-run", "true");
    return fetch(`${this.#target.endpoint}/${path.map(encodeURIComponent).join("/")}${search}`, {
      method,
      headers,
      // A redirect would carry the token to wherever it points.
      redirect: "manual",
      signal,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  }

  #planned(response: Response, body: object): DryRunAnswer | CliError {
    if (response.headers.get("x-postern-dry-run") === "true") return new DryRunAnswer(body as Plan);
    return new CliError(
      "The server does not know dry runs, and has made the change.",
      "Look at what it did with postern status, and bring the server up to this version.",
    );
  }

  #noAnswer(method: string, error: unknown): CliError {
    const { endpoint, source, dataDir } = this.#target;
    if (error instanceof Error && error.name === "TimeoutError") {
      const doubt = method === "GET" ? "" : " The change may have been made nevertheless.";
      return new CliError(
        `${endpoint} did not answer within ${this.#timeoutMs / 1_000} s.${doubt}`,
        "Look at postern status, and at the log of the server.",
      );
    }
    const start =
      dataDir === null
        ? "Check the address, and that the server runs there."
        : `Start it with: postern up --data ${dataDir}`;
    return new CliError(
      `Postern cannot be reached at ${endpoint} (${failureReason(error)}); the address came from ${source}.`,
      start,
    );
  }

  #notPostern(why: string): CliError {
    return new CliError(
      `${this.#target.endpoint} does not answer as Postern does: ${why}.`,
      `Check that the address is Postern's own; it was read from ${this.#target.source}.`,
    );
  }
}

/** fetch wraps the reason twice where a name has several addresses. */
function failureReason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error && "code" in cause) {
    return cause.code === "ECONNREFUSED" ? "connection refused" : String(cause.code);
  }
  return cause instanceof Error ? cause.message : String(cause);
}

async function readLimited(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > bodyLimitBytes) throw new Error(`an answer of more than ${bodyLimitBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** An empty answer (204, or 200 without a documented body) reads as an empty object; other text as undefined. */
function parseJson(text: string): unknown {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
