import type { DescribedOperation } from "./description.ts";
import { exchange } from "./exchange.ts";
import type { RawAnswer } from "./exchange.ts";
import { codeOf, faultsOf } from "./judge.ts";
import type { KnownValues } from "./known-values.ts";
import { requestBytes } from "./request.ts";
import type { FuzzRequest } from "./request.ts";

/** Longer than an answer may wait for its gateways. */
const deadlineMs = 15_000;
const shownLength = 2_000;

export type Finding = { readonly faults: readonly string[]; readonly request: FuzzRequest };

/** Sends requests, judges the answers, and keeps what it learned and what was wrong. */
export class Fuzzer {
  readonly #address: { readonly host: string; readonly port: number };
  readonly #operations: ReadonlyMap<string, DescribedOperation>;
  readonly #known: KnownValues;
  readonly #findings: Finding[] = [];
  readonly #reached = new Set<string>();
  readonly #succeeded = new Set<string>();
  #answers = 0;

  constructor(endpoint: string, operations: readonly DescribedOperation[], known: KnownValues) {
    const { hostname, port } = new URL(endpoint);
    this.#address = { host: hostname, port: Number(port) };
    this.#operations = new Map(operations.map((operation) => [operation.id, operation]));
    this.#known = known;
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** Ids of the operations that have answered themselves: not the router, and not whoever asks for credentials. */
  get reached(): ReadonlySet<string> {
    return this.#reached;
  }

  /** Ids of the operations that have done what they were asked for. */
  get succeeded(): ReadonlySet<string> {
    return this.#succeeded;
  }

  /** How many answers came. */
  get answers(): number {
    return this.#answers;
  }

  /** Sends every request, `atOnce` of them at the same time. */
  async sendAll(requests: readonly FuzzRequest[], atOnce: number): Promise<void> {
    const queue = requests.values();
    const work = async (): Promise<void> => {
      for (const request of queue) await this.send(request);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async send(request: FuzzRequest): Promise<void> {
    const operation = this.#operations.get(request.operation);
    // A request of the corpus may be older than the description.
    if (!operation) return;
    const fill = (text: string): string => this.#known.fill(text);
    const { host, port } = this.#address;
    const bytes = requestBytes(request, `${host}:${port}`, fill);
    const mayGoUnanswered = request.framing === "cut";
    try {
      const answer = await exchange(this.#address, bytes, deadlineMs, mayGoUnanswered);
      if (answer) this.#judge(operation, request, answer);
      else if (!mayGoUnanswered) this.#note(request, ["the connection was closed without an answer"]);
    } catch (error) {
      this.#note(request, [error instanceof Error ? error.message : String(error)]);
    }
  }

  #judge(operation: DescribedOperation, request: FuzzRequest, answer: RawAnswer): void {
    this.#answers += 1;
    const path = this.#known.fill(request.target).split("?")[0] ?? "";
    const isIntact = request.method === operation.method && patternOf(operation.path).test(path);
    this.#note(request, faultsOf(operation, request, answer, isIntact));
    if (!isIntact || request.method === "HEAD") return;
    const parsed = parse(answer.body);
    if (answer.status < 400) this.#succeeded.add(operation.id);
    if (!codeOf(parsed).startsWith("APIGW.")) this.#reached.add(operation.id);
    const isDone = answer.status < 300 && !request.headers.some(([name]) => name === "X-Postern-Dry-Run");
    if (isDone && request.method === "DELETE") this.#known.remove(path.split("/").at(-1) ?? "");
    // The identity service's catalogue calls other things endpoints and services.
    if (isDone && operation.family !== "iam") this.#known.learn(path, parsed);
  }

  #note(request: FuzzRequest, faults: readonly string[]): void {
    if (faults.length > 0) this.#findings.push({ faults, request });
  }
}

/** What one finding says to whoever has to repair it: the faults, and the request as the corpus would hold it. */
export function renderFinding({ faults, request }: Finding): string {
  return `${faults.join("; ")}\n  ${JSON.stringify(request).slice(0, shownLength)}`;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[\\w.-]{1,100}")}$`);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
