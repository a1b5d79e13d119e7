export type EventuallyOptions = {
  /** How long to go on asking, in milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** Pause between two questions, in milliseconds; default 20. */
  readonly intervalMs?: number;
  /** What is awaited, for the error text: "the endpoint answers". */
  readonly what?: string;
};

type Falsy = false | 0 | 0n | "" | null | undefined;

/** The compiler cannot narrow a generic type by its truth alone. */
function isTruthy<Value>(value: Value): value is Exclude<Value, Falsy> {
  return Boolean(value);
}

/**
 * Asks `check` again and again until it gives a truthy value, and gives that value back.
 * A check that throws counts as "not yet".
 * @throws Error when the time is over; it carries the last error of the check as its cause.
 */
export async function eventually<Value>(
  check: () => Value | Promise<Value>,
  options: EventuallyOptions = {},
): Promise<Exclude<Value, Falsy>> {
  const { timeoutMs = 10_000, intervalMs = 20, what = "the awaited condition" } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await check();
      if (isTruthy(value)) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) break;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  const reason = lastError instanceof Error ? `: ${lastError.message}` : "";
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}${reason}`, { cause: lastError });
}
