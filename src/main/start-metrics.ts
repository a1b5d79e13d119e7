import { Exposition } from "../lib/metrics/exposition.ts";
import type { Slices } from "../lib/metrics/family.ts";
import { MetricsListener, readToken } from "../lib/metrics/metrics-listener.ts";
import { ProcessMetrics } from "../lib/metrics/process-metrics.ts";
import type { Logger } from "../lib/log.ts";
import { StartError } from "../lib/start-error.ts";
import type { MetricsSettings } from "./metrics-settings.ts";

/** What tells a process's metrics. */
export interface RunningMetrics {
  /** The process serves now: what costs time at its start is loaded. */
  ready(): void;
  close(): Promise<void>;
}

/**
 * Tells metrics from now on.
 * @param parts of the process itself; what Node and the system tell comes with them
 * @returns undefined where there are to be none, or nobody asked for an address that cannot be had
 * @throws StartError where an address that was asked for, or the token, cannot be had
 */
export async function startMetrics(
  settings: MetricsSettings | undefined,
  parts: readonly Slices[],
  log: Logger,
): Promise<RunningMetrics | undefined> {
  if (!settings) return undefined;
  const { listen, tokenFile } = settings;
  if (tokenFile !== undefined) await checkToken(tokenFile);
  const ofProcess = new ProcessMetrics();
  const exposition = new Exposition([...parts, () => ofProcess.slices()]);
  const onError = (error: unknown): void => log.error({ err: error }, "metrics cannot be written");
  try {
    const options = { exposition, listen, onError, ...(tokenFile === undefined ? {} : { tokenFile }) };
    const listener = await MetricsListener.listen(options);
    log.info({ url: listener.url }, "metrics are told");
    const ready = (): void => void ofProcess.load().catch(onError);
    return { ready, close: () => listener.close() };
  } catch (error) {
    const reason = whyNot(settings, error as NodeJS.ErrnoException);
    if (!settings.isDefault) throw new StartError(reason);
    log.warn(`${reason} The process goes on without metrics.`);
    return undefined;
  }
}

function whyNot({ listen: { host, port } }: MetricsSettings, error: NodeJS.ErrnoException): string {
  const fault =
    error.code === "EADDRINUSE"
      ? `Port ${port} on ${host} is taken by another program`
      : `Cannot listen on ${host}:${port}: ${error.message}`;
  return (
    `${fault}. Choose another address for metrics, or off, with --metrics; ` +
    "of postern up with --metrics-server and --metrics-gateway."
  );
}

/** @throws StartError */
async function checkToken(file: string): Promise<void> {
  try {
    await readToken(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `The token for metrics cannot be read from ${file}: ${reason}. Make one with: openssl rand -hex 32`,
    );
  }
}
