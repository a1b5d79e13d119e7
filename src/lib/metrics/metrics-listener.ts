import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { httpUrl, type ListenAddress } from "../listen-address.ts";
import { isSameSecret } from "../secrets.ts";
import type { Exposition } from "./exposition.ts";

export interface MetricsListenerOptions {
  readonly exposition: Exposition;
  readonly listen: ListenAddress;
  /** Whoever asks has to say what this file holds; it is read for every request, so it can be replaced. */
  readonly tokenFile?: string;
  /** Hears of an exposition that cannot be written. */
  readonly onError: (error: unknown) => void;
}

const path = "/metrics";
const contentType = "text/plain; version=0.0.4; charset=utf-8";
const mostConnections = 16;
const headerLimitBytes = 8 * 1024;
/** For a request to come, and for a reader who takes nothing. */
const patienceMs = 10_000;
/** For an answer as a whole: a reader who takes a byte now and then holds all of it in memory. */
const longestAnswerMs = 60_000;
const bearer = /^bearer +(\S{1,4096})$/i;

/** Answers `GET /metrics` on an address of its own, and nothing else. */
export class MetricsListener {
  readonly #options: MetricsListenerOptions;
  readonly #server: Server;

  private constructor(options: MetricsListenerOptions) {
    this.#options = options;
    const limits = {
      maxHeaderSize: headerLimitBytes,
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
    };
    this.#server = createServer(limits, (request, response) => void this.#answer(request, response));
    this.#server.maxConnections = mostConnections;
    this.#server.timeout = patienceMs;
  }

  /** @throws NodeJS.ErrnoException where the address cannot be had */
  static async listen(options: MetricsListenerOptions): Promise<MetricsListener> {
    const listener = new MetricsListener(options);
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.listen.port, options.listen.host, () => {
        server.off("error", reject);
        resolve();
      });
    });
    return listener;
  }

  /** Where it is read. */
  get url(): string {
    const { host } = this.#options.listen;
    return httpUrl({ host, port: (this.#server.address() as AddressInfo).port }) + path;
  }

  /** Cuts who is still reading. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const refusal = await this.#refusalOf(request);
      if (refusal) refuse(response, refusal);
      else await this.#send(request, response);
    } catch (error) {
      // Whoever goes away while it is sent is nobody's trouble.
      if (response.headersSent || response.destroyed) response.destroy();
      else {
        this.#options.onError(error);
        refuse(response, [500, "The metrics cannot be written. The log of this process says why."]);
      }
    }
  }

  async #refusalOf({ url, method, headers }: IncomingMessage): Promise<Refusal | undefined> {
    if (url?.split("?")[0] !== path) return [404, `There is only ${path} here.`];
    if (method !== "GET" && method !== "HEAD") return [405, `${path} is only read: GET or HEAD.`];
    const { tokenFile } = this.#options;
    if (tokenFile === undefined) return undefined;
    const token = await readToken(tokenFile).catch(() => undefined);
    if (token === undefined) return [503, "The file with the token for metrics cannot be read."];
    const said = bearer.exec(headers.authorization ?? "")?.[1];
    if (said !== undefined && isSameSecret(said, token)) return undefined;
    return [401, "Metrics need the bearer token of --metrics-token-file."];
  }

  async #send(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("content-type", contentType);
    response.setHeader("cache-control", "no-store");
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const pieces = await this.#options.exposition.render();
    response.setHeader(
      "content-length",
      pieces.reduce((sum, { length }) => sum + length, 0),
    );
    await pipeline(Readable.from(pieces), response, { signal: AbortSignal.timeout(longestAnswerMs) });
  }
}

type Refusal = readonly [status: number, message: string];

function refuse(response: ServerResponse, [status, message]: Refusal): void {
  response.statusCode = status;
  if (status === 401) response.setHeader("www-authenticate", "Bearer");
  if (status === 405) response.setHeader("allow", "GET, HEAD");
  // A body that comes with it is not read.
  response.setHeader("connection", "close");
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(`${message}\n`);
}

/**
 * Reads the token that readers of metrics have to say.
 * @throws Error where the file cannot be read, or holds no token: 16 to 4,096 characters without spaces
 */
export async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, "utf8")).trim();
  if (/^[\x21-\x7e]{16,4096}$/.test(token)) return token;
  throw new Error("it holds no token of 16 to 4096 visible ASCII characters");
}
