import { stat } from "node:fs/promises";
import type { Registry } from "prom-client";

/**
 * Of the client library's own: gauges whose names say that they were counters, and what costs as much as the process
 * has sockets, which stops a gateway with a hundred thousand of them.
 */
const unwanted = [
  "nodejs_active_resources",
  "nodejs_active_resources_total",
  "nodejs_active_handles",
  "nodejs_active_handles_total",
  "nodejs_active_requests",
  "nodejs_active_requests_total",
  "process_open_fds",
];

/** What Node and the system tell of this process: processor time, memory, collections of garbage, event-loop lag. */
export class ProcessMetrics {
  #registry: Promise<Registry> | undefined;

  /** Begins to measure. Takes a moment: a process calls it when it serves. Idempotent. */
  load(): Promise<Registry> {
    this.#registry ??= makeRegistry();
    return this.#registry;
  }

  /** Few enough lines to be written at one go. */
  async *slices(): AsyncGenerator<string, void> {
    yield await (await this.load()).metrics();
  }
}

async function makeRegistry(): Promise<Registry> {
  const { collectDefaultMetrics, Gauge, Registry: RegistryClass } = await import("prom-client");
  const registry = new RegistryClass();
  collectDefaultMetrics({ register: registry });
  for (const name of unwanted) registry.removeSingleMetric(name);
  const openFiles = await countOpenFiles();
  // Linux tells since 6.2.
  if (openFiles > 0) {
    const gauge = new Gauge({
      name: "process_open_fds",
      help: "Number of open file descriptors.",
      registers: [],
      async collect() {
        this.set(await countOpenFiles());
      },
    });
    registry.registerMetric(gauge);
  }
  return registry;
}

async function countOpenFiles(): Promise<number> {
  return stat("/proc/self/fd").then(
    ({ size }) => size,
    () => 0,
  );
}
