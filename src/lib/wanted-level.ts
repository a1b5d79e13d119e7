/** From the most lines to the fewest. */
export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export function isLogLevel(text: unknown): text is LogLevel {
  return logLevels.some((level) => level === text);
}

/** Another log level than the one that was started with, for a time or until it is taken back. */
export class WantedLevel {
  readonly #onChange: (level: LogLevel | undefined) => void;
  #level: LogLevel | undefined;
  #end: NodeJS.Timeout | undefined;

  /** @param onChange told of every change; undefined is the level of the start */
  constructor(onChange: (level: LogLevel | undefined) => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** undefined: the level of the start. */
  get level(): LogLevel | undefined {
    return this.#level;
  }

  /** @param forMs after which the level of the start is back, up to 24 days; undefined: it stays */
  set(level: LogLevel | undefined, forMs?: number): void {
    clearTimeout(this.#end);
    this.#level = level;
    this.#onChange(level);
    if (level !== undefined && forMs !== undefined) {
      this.#end = setTimeout(() => this.set(undefined), forMs).unref();
    }
  }

  /** Between `debug` and the level of the start. */
  toggle(): void {
    this.set(this.#level === undefined ? "debug" : undefined);
  }
}

/** Makes a logger's level follow what is wanted. */
export function levelOf(log: { level: string }): WantedLevel {
  const { level: configured } = log;
  return new WantedLevel((level) => {
    log.level = level ?? configured;
  });
}
