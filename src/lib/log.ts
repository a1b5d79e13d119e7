import { pino, type Logger as PinoLogger } from "pino";

export type Logger = PinoLogger;

/** Header and field names whose values never reach a log. */
const secrets = ["authorization", "password", "secret", "token", "x-auth-token", "sealedPassword"];

/**
 * Returns a logger: one JSON line an event, on standard error.
 * @param name of the process
 * @param level `info`, `debug`, ...
 */
export function createLogger(name: string, level: string): Logger {
  return pino(
    { name, level, redact: { paths: secrets.flatMap((key) => [key, `*["${key}"]`]), censor: "[secret]" } },
    pino.destination({ dest: 2, sync: true }),
  );
}
