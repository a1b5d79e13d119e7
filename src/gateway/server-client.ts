import type { GatewayAnswer, GatewayQuestion } from "../domain/gateway-question.ts";
import type { GatewayReport } from "../domain/report.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { requestIdSource } from "../lib/request-id.ts";
import { isLogLevel, type LogLevel } from "../lib/wanted-level.ts";
import { parseSnapshot } from "./parse-snapshot.ts";

/** Where the server is and how it knows this gateway. */
export interface GatewayCredentials {
  /** `http://HOST:PORT`. */
  readonly endpoint: string;
  readonly gatewayId: string;
  readonly token: string;
}

/** A snapshot that came, and what the server says of it. */
export interface ArrivedSnapshot {
  readonly snapshot: Snapshot;
  /** Of the requests that made it, for the log; at most 32. */
  readonly requestIds: readonly string[];
}

export interface ReportAnswer {
  /** Names the server process: another one than last time knows nothing of earlier reports. */
  readonly instance: string;
  /** That somebody wants this gateway to log at; undefined: the one that it was started with. */
  readonly logLevel: LogLevel | undefined;
}

/** The snapshot that is in force. */
export type KnownSnapshot = Pick<Snapshot, "revision" | "lineage">;

const pollMs = 25_000;
/** Time for the answer on top of the poll. */
const answerMs = 10_000;
const mostRequestIds = 32;

/** The server is of a version that asks no questions. */
export class CannotAskError extends Error {}

/** A question of the server, and what the answer is to name. */
export interface PostedQuestion {
  readonly id: string;
  readonly question: GatewayQuestion;
}

/** The calls that a gateway makes. */
export class ServerClient {
  readonly #credentials: GatewayCredentials;
  readonly #newRequestId = requestIdSource();

  /** @param credentials read anew for every request: a server that was restarted may be at another address */
  constructor(credentials: GatewayCredentials) {
    this.#credentials = credentials;
  }

  get #base(): string {
    const { endpoint, gatewayId } = this.#credentials;
    return `${endpoint}/postern/v1/gateways/${gatewayId}`;
  }

  get #headers(): Readonly<Record<string, string>> {
    return { "x-auth-token": this.#credentials.token, "x-request-id": this.#newRequestId() };
  }

  /**
   * Waits for a snapshot of another revision, or another lineage, than `known`.
   * @returns undefined when nothing new came in time
   * @throws Error where the server cannot be reached, refuses, or sends what is no snapshot
   */
  async nextSnapshot(known: KnownSnapshot | null, signal: AbortSignal): Promise<ArrivedSnapshot | undefined> {
    const query =
      known === null ? "" : `&known=${known.revision}&lineage=${encodeURIComponent(known.lineage ?? "")}`;
    const response = await fetch(`${this.#base}/snapshot?wait_ms=${pollMs}${query}`, {
      headers: this.#headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(pollMs + answerMs)]),
    });
    if (response.status === 204) return undefined;
    const text = await response.text();
    if (!response.ok) throw new Error(`the server answered ${response.status} to the poll`);
    const snapshot = parseSnapshot(text);
    if (!snapshot) throw new Error("the server sent a snapshot that this gateway does not understand");
    return { snapshot, requestIds: readRequestIds(response) };
  }

  /**
   * Sends a report.
   * @throws Error where the server cannot be reached, refuses, or answers with something else
   */
  async report(report: GatewayReport, signal: AbortSignal): Promise<ReportAnswer> {
    const response = await fetch(`${this.#base}/report`, {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify(report),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    });
    if (!response.ok) throw new Error(`the server answered ${response.status} to the report`);
    const { instance, logLevel } = (await response.json()) as { instance?: unknown; logLevel?: unknown };
    if (typeof instance !== "string") throw new Error("the server's answer to the report has no instance");
    return { instance, logLevel: isLogLevel(logLevel) ? logLevel : undefined };
  }
  /**
   * Waits for what the server asks.
   * @returns undefined when it asked nothing in time
   * @throws CannotAskError where it never asks; Error where it cannot be reached, refuses, or sends what is no question
   */
  async nextQuestion(signal: AbortSignal): Promise<PostedQuestion | undefined> {
    const response = await fetch(`${this.#base}/questions?wait_ms=${pollMs}`, {
      headers: this.#headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(pollMs + answerMs)]),
    });
    if (response.status === 204) return undefined;
    const text = await response.text();
    if (response.status === 404)
      throw new CannotAskError("the server is of a version that asks no questions");
    if (!response.ok) throw new Error(`the server answered ${response.status} to the poll for questions`);
    const { id, question } = JSON.parse(text) as Partial<PostedQuestion>;
    if (typeof id !== "string" || typeof question?.kind !== "string") {
      throw new Error("the server sent a question that this gateway does not understand");
    }
    return { id, question };
  }

  /** Answers a question. @throws Error where the server cannot be reached, or does not want the answer any more */
  async answer(id: string, answer: GatewayAnswer, signal: AbortSignal): Promise<void> {
    const response = await fetch(`${this.#base}/answers/${encodeURIComponent(id)}`, {
      method: "POST",
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify(answer),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the server answered ${response.status} to the answer`);
  }
}

function readRequestIds(response: Response): readonly string[] {
  const ids = (response.headers.get("x-postern-request-ids") ?? "").split(",");
  return ids.filter((id) => /^[0-9a-f]{32}$/.test(id)).slice(-mostRequestIds);
}
