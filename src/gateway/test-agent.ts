import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { nodeId } from "../domain/test-fixtures.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { systemClock } from "../lib/clock.ts";
import { createLogger } from "../lib/log.ts";
import { slices } from "../lib/metrics/family.ts";
import { processTable } from "../lib/metrics/plain-families.ts";
import { samplesOf, textOf } from "../lib/metrics/test-samples.ts";
import { startTestNode } from "../lib/test-node.ts";
import { GatewayAgent } from "./agent.ts";
import { NameService } from "./dns/name-service.ts";
import { FakeEngine } from "./fake-engine.ts";
import type { FakeServer } from "./fake-server.ts";
import { HealthChecker } from "./health/health-checker.ts";
import { GatewayCounts } from "./metrics/gateway-counts.ts";
import { ServerClient } from "./server-client.ts";
import { SnapshotFile } from "./snapshot-file.ts";
import { aSnapshot as anySnapshot } from "./test-snapshot.ts";

const settings = { intervalMs: 20, retryMs: 20, timeoutMs: 5_000, failuresToRemove: 1 };

/** For nodes that answer. */
export function answerEmpty(_request: unknown, response: { end(): unknown }): void {
  response.end();
}

/** Starts a node for the running test. Returns what makes snapshots whose one node it is. */
export async function snapshotsWithNode(): Promise<(...wish: Parameters<typeof anySnapshot>) => Snapshot> {
  const { port } = await startTestNode(answerEmpty);
  return snapshotsWith(port);
}

/** Returns what makes snapshots whose one node has this port. */
export function snapshotsWith(port: number): (...wish: Parameters<typeof anySnapshot>) => Snapshot {
  const nodes = [{ id: nodeId, host: "127.0.0.1", port }];
  return (...wish) => {
    const snapshot = anySnapshot(...wish);
    return { ...snapshot, services: snapshot.services.map((service) => ({ ...service, nodes })) };
  };
}

/** Waits for a condition, up to a deadline that no working gateway needs. */
export function until(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 10 });
}

/** One life of a gateway process on a data directory. */
export function gateway(directory: string, fileAt = (path: string) => new SnapshotFile(path)) {
  const path = join(directory, "snapshot.json");
  const file = fileAt(path);
  const engine = new FakeEngine();
  const applied: number[] = [];
  const counts = new GatewayCounts(systemClock);
  const levels: unknown[] = [];
  const health = new HealthChecker(settings, () => agent.nodesChanged());
  const log = createLogger("unit", "silent");
  const names = new NameService({
    ttlS: 5,
    ports: [],
    isHealthy: (node) => health.isHealthy(node),
    openInKernelNetwork: () => Promise.reject(new Error("no network here is the kernel's")),
    log,
  });
  const agent = new GatewayAgent({
    engine,
    file,
    health,
    names,
    clock: systemClock,
    log,
    onApplied: (revision) => applied.push(revision),
    observer: counts,
    onLogLevel: (level) => levels.push(level),
  });
  const metrics = async (): Promise<Record<string, string>> =>
    samplesOf(await textOf(slices(processTable(counts.families))));
  let following: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await agent.close();
    await following;
  };
  onTestFinished(end);
  return {
    path,
    file,
    engine,
    applied,
    metrics,
    levels,
    agent,
    end,
    follow: (server: FakeServer): void => {
      following = agent.follow(new ServerClient(server.credentials));
    },
  };
}
