import type { Family, Table } from "../../lib/metrics/family.ts";
import { DurationHistogram, durationFamily } from "../../lib/metrics/histogram.ts";
import { plainFamily } from "../../lib/metrics/plain-families.ts";

interface Answers {
  readonly operation: string;
  readonly status: string;
  readonly durations: DurationHistogram;
}

/** Of an answer that did not reach its reader; and, for a row, of a request that no operation is for. */
const [gaveUp, noOperation] = ["aborted", "none"];

/** Counts what the server does, for metrics. */
export class ServerCounts {
  /** By operation, and below by the first digit of the status. There are as many as there are operations. */
  readonly #answers = new Map<string | undefined, (Answers | undefined)[]>();
  readonly #commitDurations = new DurationHistogram();
  #openRequests = 0;
  #writes = 0;

  began(): void {
    this.#openRequests += 1;
  }

  ended(operation: string | undefined, status: number, durationMs: number): void {
    this.#openRequests -= 1;
    let classes = this.#answers.get(operation);
    if (!classes) this.#answers.set(operation, (classes = []));
    const first = Math.trunc(status / 100);
    const answers = (classes[first] ??= {
      operation: operation ?? noOperation,
      status: first === 0 ? gaveUp : `${first}xx`,
      durations: new DurationHistogram(),
    });
    answers.durations.observe(durationMs);
  }

  /** @param writes that shared the commit */
  committed(durationMs: number, writes: number): void {
    this.#commitDurations.observe(durationMs);
    this.#writes += writes;
  }

  get answers(): Table<Answers> {
    return {
      families: [
        durationFamily(
          "postern_server_request_duration_seconds",
          "Time from a request's head to the end of its answer, by operation and class of status. Gateways wait up to half a minute in GatewaySnapshot.",
          ({ durations }) => durations,
        ),
      ],
      rows: () =>
        [...this.#answers.values()].flatMap((classes) => classes.filter((row) => row !== undefined)),
      labels: ({ operation, status }) => [
        ["operation", operation],
        ["status", status],
      ],
    };
  }

  get families(): readonly Family<void>[] {
    return [
      plainFamily(
        "gauge",
        "postern_server_open_requests",
        "Requests that are being answered; each gateway has one open nearly always.",
        () => this.#openRequests,
      ),
      durationFamily(
        "postern_server_commit_duration_seconds",
        "Time from the beginning of a transaction until it was durable.",
        () => this.#commitDurations,
      ),
      plainFamily(
        "counter",
        "postern_server_writes_total",
        "Writes that were made durable; those that wait together share a commit.",
        () => this.#writes,
      ),
    ];
  }
}
