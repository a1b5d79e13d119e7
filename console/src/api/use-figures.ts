import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { Sample } from "./figures.ts";
import type { Endpoint } from "./generated.ts";
import { useEvents } from "./use-events.ts";

export interface LiveEndpoint extends Endpoint {
  /** Both directions together. */
  readonly bytesPerSecond: number;
}

/**
 * Endpoints of an answer, with their figures, which the event stream brings.
 * @param answeredAt when the answer came, in milliseconds since the epoch
 * @param everyMs how long figures may stay as they are, in milliseconds; 0 for those of now
 */
export function useFigures(
  rows: readonly Endpoint[] | undefined,
  answeredAt: number,
  everyMs = 0,
): readonly LiveEndpoint[] | undefined {
  const { history, state } = useEvents();
  const isLive = state.kind === "live";
  useEffect(() => {
    // What the stream has told is newer.
    const untold = rows?.filter(({ id }) => !isLive || history.of(id).length === 0) ?? [];
    if (untold.length === 0) return;
    history.record(
      untold.map((row) => ({ ...row, endpoint: row.id })),
      answeredAt,
    );
  }, [history, isLive, rows, answeredAt]);
  const version = useSyncExternalStore(history.subscribe, () => history.version(everyMs));
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
