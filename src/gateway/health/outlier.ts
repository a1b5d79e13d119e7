/** One health check of a node. */
export interface CheckResult {
  readonly isAnswered: boolean;
  readonly latencyMs: number;
}

/** What was seen of a node since it got new sessions last. Times on a clock that never goes back. */
export interface NodeConduct {
  /** Seconds in which a connection to it failed, oldest first, as milliseconds. */
  readonly connectFailuresAtMs: readonly number[];
  /** Oldest first. */
  readonly checks: readonly CheckResult[];
}

export const goodConduct: NodeConduct = { connectFailuresAtMs: [], checks: [] };

const connectWindowMs = 10_000;
/** Connections that fail at once count as one: a hundred consumers may meet one mishap. */
const connectApartMs = 1_000;
const connectFailuresToRemove = 3;
const checksKept = 10;
const fewestChecks = 6;
const failedChecksToRemove = 4;
/** Of another node that still counts as sound. */
const mostFailedElsewhere = 1;
const slowFactor = 4;
const slowMarginMs = 500;

export function withConnectFailure(conduct: NodeConduct, nowMs: number): NodeConduct {
  const recent = conduct.connectFailuresAtMs.filter((at) => nowMs - at < connectWindowMs);
  const last = recent.at(-1);
  if (last !== undefined && nowMs - last < connectApartMs) return conduct;
  return { ...conduct, connectFailuresAtMs: [...recent, nowMs] };
}

export function withCheck(conduct: NodeConduct, check: CheckResult): NodeConduct {
  return { ...conduct, checks: [...conduct.checks, check].slice(-checksKept) };
}

/**
 * Returns why a node that answers is much worse than the others of its cluster, in words; undefined where it is not. Pure.
 * @param others those that get new sessions
 */
export function faultOf(
  conduct: NodeConduct,
  others: readonly NodeConduct[],
  nowMs: number,
): string | undefined {
  return connectFault(conduct, nowMs) ?? checkFault(conduct, others) ?? slowness(conduct, others);
}

function connectFault({ connectFailuresAtMs }: NodeConduct, nowMs: number): string | undefined {
  const recent = connectFailuresAtMs.filter((at) => nowMs - at < connectWindowMs);
  if (recent.length < connectFailuresToRemove) return undefined;
  return `connections to it failed in ${recent.length} of the last ${connectWindowMs / 1_000} s`;
}

function checkFault({ checks }: NodeConduct, others: readonly NodeConduct[]): string | undefined {
  const failed = failures(checks);
  if (checks.length < fewestChecks || failed < failedChecksToRemove) return undefined;
  const areOthersSound = others.every((other) => failures(other.checks) <= mostFailedElsewhere);
  return areOthersSound ? `${failed} of its last ${checks.length} health checks failed` : undefined;
}

function slowness({ checks }: NodeConduct, others: readonly NodeConduct[]): string | undefined {
  const own = typicalMs(checks);
  const elsewhere = others.flatMap((other) => typicalMs(other.checks) ?? []);
  const usual = median(elsewhere);
  if (own === undefined || usual === undefined) return undefined;
  if (own < usual * slowFactor || own < usual + slowMarginMs) return undefined;
  return `its health checks take ${Math.round(own)} ms, those of the others ${Math.round(usual)} ms`;
}

function failures(checks: readonly CheckResult[]): number {
  return checks.filter(({ isAnswered }) => !isAnswered).length;
}

/** undefined while too little is known. */
function typicalMs(checks: readonly CheckResult[]): number | undefined {
  return checks.length < fewestChecks ? undefined : median(checks.map(({ latencyMs }) => latencyMs));
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}
