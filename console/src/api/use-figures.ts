import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { Sample } from "./figures.ts";
import type { Endpoint } from "./generated.ts";
import { useEvents } from "./use-events.ts";

export interface LiveEndpoint extends Endpoint {
  /** Both directions together. */
  readonly bytesPerSecond: number;
}

/**
 * Endpoints of an answer, with the figures of now, which the event stream brings.
 * @param answeredAt when the answer came, in milliseconds since the epoch
 */
export function useFigures(
  rows: readonly Endpoint[] | undefined,
  answeredAt: number,
): readonly LiveEndpoint[] | undefined {
  const { history } = useEvents();
  useEffect(() => {
    history.record(rows?.map((row) => ({ ...row, endpoint: row.id })) ?? [], answeredAt);
  }, [history, rows, answeredAt]);
  const version = useSyncExternalStore(history.subscribe, () => history.version);
  return useMemo(
    () => rows?.map((row) => withFigures(row, history.of(row.id).at(-1))),
    // oxlint-disable-next-line react/exhaustive-deps -- the version stands for what the history holds
    [rows, history, version],
  );
}

/** An endpoint as it was answered, with what is known of it since. */
export function withFigures(row: Endpoint, sample: Sample | undefined): LiveEndpoint {
  if (!sample) return { ...row, bytesPerSecond: 0 };
  const { sessions, new_sessions, bytes_in, bytes_out, refusals = row.refusals, bytesPerSecond } = sample;
  return { ...row, sessions, new_sessions, bytes_in, bytes_out, refusals, bytesPerSecond };
}
