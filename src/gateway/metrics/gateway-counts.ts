import type { Clock } from "../../lib/clock.ts";
import type { Family } from "../../lib/metrics/family.ts";
import { DurationHistogram, durationFamily } from "../../lib/metrics/histogram.ts";
import { plainFamily } from "../../lib/metrics/plain-families.ts";
import type { AgentObserver, Applied } from "../agent-observer.ts";

/** Counts what the agent does, for metrics. */
export class GatewayCounts implements AgentObserver {
  readonly #clock: Clock;
  readonly #applyDurations = new DurationHistogram();
  #applyErrors = 0;
  #severedSessions = 0;
  #failures = 0;
  #revision = 0;
  #settledAt = 0;
  #heardAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  applied({ durationMs, severedSessions, failures }: Applied): void {
    this.#applyDurations.observe(durationMs);
    this.#severedSessions += severedSessions;
    this.#failures = failures;
  }

  applyFailed(): void {
    this.#applyErrors += 1;
  }

  settled(revision: number): void {
    this.#revision = revision;
    this.#settledAt = this.#clock.now();
  }

  heardFromServer(): void {
    this.#heardAt = this.#clock.now();
  }

  get families(): readonly Family<void>[] {
    return [
      plainFamily(
        "gauge",
        "postern_gateway_applied_revision",
        "Revision of the desired state that is in force; 0 before the first.",
        () => this.#revision,
      ),
      plainFamily(
        "gauge",
        "postern_gateway_snapshot_timestamp_seconds",
        "When that revision came into force; 0 before the first.",
        () => this.#settledAt / 1_000,
      ),
      plainFamily(
        "gauge",
        "postern_gateway_server_contact_timestamp_seconds",
        "When the server last answered; at most half a minute ago where it is reached, 0 before the first answer.",
        () => this.#heardAt / 1_000,
      ),
      durationFamily(
        "postern_gateway_apply_duration_seconds",
        "Time that bringing about the desired state took.",
        () => this.#applyDurations,
      ),
      plainFamily(
        "counter",
        "postern_gateway_apply_errors_total",
        "Attempts at bringing about the desired state that failed as a whole.",
        () => this.#applyErrors,
      ),
      plainFamily(
        "gauge",
        "postern_gateway_failed_endpoints",
        "Endpoints that could not be brought up.",
        () => this.#failures,
      ),
      plainFamily(
        "counter",
        "postern_gateway_severed_sessions_total",
        "Live sessions that were cut because they were no longer allowed.",
        () => this.#severedSessions,
      ),
    ];
  }
}
