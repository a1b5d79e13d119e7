import type { Endpoint } from "../wire.ts";

/** What was known of the endpoints at one moment. */
export interface Sample {
  /** Milliseconds of a clock that never goes back. */
  readonly at: number;
  readonly endpoints: readonly Endpoint[];
}

/** An endpoint with what goes on in it. */
export interface EndpointRow {
  readonly endpoint: Endpoint;
  /** A second; undefined while there is one sample. */
  readonly rates: Rates | undefined;
}

export interface Rates {
  readonly newSessions: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Only those that are not 0. */
  readonly refusals: readonly (readonly [reason: string, rate: number])[];
}

/** Gateways report every second: over a few of their reports, rates are smooth. */
const samplesKept = 4;

/** Adds a sample to those that rates are computed from. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples, sample].slice(-samplesKept);
}

/** Returns the newest sample's endpoints, with rates since the oldest one that knows them. */
export function rowsOf(samples: readonly Sample[]): readonly EndpointRow[] {
  const newest = samples.at(-1);
  const earlier = samples.slice(0, -1).map(({ at, endpoints }) => ({
    at,
    byId: new Map(endpoints.map((endpoint) => [endpoint.id, endpoint])),
  }));
  return (newest?.endpoints ?? []).map((endpoint) => {
    const first = earlier.find(({ byId }) => byId.has(endpoint.id));
    const before = first?.byId.get(endpoint.id);
    const seconds = newest && first ? (newest.at - first.at) / 1_000 : 0;
    return { endpoint, rates: before && seconds > 0 ? ratesOf(before, endpoint, seconds) : undefined };
  });
}

function ratesOf(before: Endpoint, now: Endpoint, seconds: number): Rates {
  // A gateway that started anew counts from 0.
  const rate = (one = 0, other = 0): number => Math.max(0, other - one) / seconds;
  const refusals = Object.entries(now.refusals ?? {}).map(
    ([reason, count]) => [reason, rate(before.refusals?.[reason], count)] as const,
  );
  return {
    newSessions: rate(before.new_sessions, now.new_sessions),
    bytesIn: rate(before.bytes_in, now.bytes_in),
    bytesOut: rate(before.bytes_out, now.bytes_out),
    refusals: refusals.filter(([, perSecond]) => perSecond > 0).toSorted(([, one], [, other]) => other - one),
  };
}
