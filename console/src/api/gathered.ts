import type { QueryKey } from "@tanstack/react-query";

/**
 * Returns what takes keys as they come, and has each of them done once for all that came together.
 * @param gatherMs how long others are waited for
 * @param pauseMs time from one turn to the next, at least
 */
export function gathered(
  run: (key: QueryKey) => void,
  gatherMs: number,
  pauseMs: number,
): (keys: readonly QueryKey[]) => void {
  const waiting = new Map<string, QueryKey>();
  let ranAt = -pauseMs;
  const turn = (): void => {
    ranAt = performance.now();
    const keys = [...waiting.values()];
    waiting.clear();
    for (const key of keys) run(key);
  };
  return (keys) => {
    if (keys.length === 0) return;
    const waitMs = Math.max(gatherMs, ranAt + pauseMs - performance.now());
    if (waiting.size === 0) setTimeout(turn, waitMs);
    for (const key of keys) waiting.set(JSON.stringify(key), key);
  };
}
