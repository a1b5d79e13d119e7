import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { GatewayAgent } from "../gateway/agent.ts";
import { answerQuestion } from "../gateway/answer-question.ts";
import { CompositeEngine } from "../gateway/composite-engine.ts";
import { NameService, type NameSettings } from "../gateway/dns/name-service.ts";
import { NameUpdates, type UpdatedZone } from "../gateway/dns/update/name-updates.ts";
import type { Engine } from "../gateway/engine.ts";
import { FlowLog } from "../gateway/flow-log.ts";
import { defaultHealthSettings, HealthChecker } from "../gateway/health/health-checker.ts";
import { takeHostLock } from "../gateway/kernel/host-lock.ts";
import { Libc } from "../gateway/kernel/libc.ts";
import { LinuxHostNetwork } from "../gateway/kernel/network/linux-host-network.ts";
import { openResolverSockets } from "../gateway/kernel/resolver-sockets.ts";
import { startKernelEngine, type KernelSettings } from "../gateway/kernel/start.ts";
import { GatewayCounts } from "../gateway/metrics/gateway-counts.ts";
import { ProxyEngine } from "../gateway/proxy/engine.ts";
import { QuestionLoop } from "../gateway/question-loop.ts";
import { selfTest } from "../gateway/self-test.ts";
import { ServerClient, type GatewayCredentials } from "../gateway/server-client.ts";
import { SnapshotFile } from "../gateway/snapshot-file.ts";
import { systemClock } from "../lib/clock.ts";
import { takeExclusiveLock } from "../lib/exclusive-lock.ts";
import type { Logger } from "../lib/log.ts";
import { levelOf } from "../lib/wanted-level.ts";
import { RotatingFile } from "../lib/rotating-file.ts";
import type { FlowLogSettings } from "./flow-log-settings.ts";
import { readCredentials } from "./gateway-credentials.ts";
import { gatewayMetrics } from "./gateway-metrics.ts";
import type { MetricsSettings } from "./metrics-settings.ts";
import type { DataPaths } from "./paths.ts";
import { tellSupervisor, toggleOnSignal, untilStopped } from "./process-life.ts";
import { startMetrics } from "./start-metrics.ts";

export interface GatewayOptions {
  readonly paths: DataPaths;
  /** A session without a byte for longer is ended. */
  readonly idleTimeoutMs: number;
  /** Where ended sessions are recorded; nowhere where it is left out. */
  readonly flowLog?: FlowLogSettings;
  readonly kernel: KernelSettings;
  readonly names: NameSettings;
  /** Zones of existing name servers that have the same names. */
  readonly updates: readonly UpdatedZone[];
  /** Where metrics are told; nowhere where it is undefined. */
  readonly metrics: MetricsSettings | undefined;
  readonly log: Logger;
}

const lockWaitMs = 5_000;
/** The server of a first start writes the credentials in a moment. */
const credentialsRetryMs = 20;

/** Runs the gateway until it is told to stop. @throws StartError */
export async function runGateway({
  paths,
  idleTimeoutMs,
  kernel,
  flowLog,
  names,
  updates,
  metrics,
  log,
}: GatewayOptions): Promise<void> {
  const level = levelOf(log);
  toggleOnSignal(level);
  mkdirSync(paths.gateway, { recursive: true, mode: 0o700 });
  const lock = takeExclusiveLock(paths.gatewayLock, "Postern gateway", lockWaitMs);
  const records = flowLog && new FlowLog(await RotatingFile.open(flowLog.path, flowLog), log);
  const health = new HealthChecker(defaultHealthSettings, () => agent.nodesChanged());
  const proxy = await ProxyEngine.start({
    idleTimeoutMs,
    log,
    ...(records ? { records } : {}),
    onNodeUnreachable: (node) => health.suspect(node),
  });
  const engine = new CompositeEngine({
    proxy,
    startKernelEngine: () => startKernel(paths, kernel, log, records),
    hasPredecessor: existsSync(paths.gatewayKernelMark),
    log,
  });
  const counts = new GatewayCounts(systemClock);
  const agent = new GatewayAgent({
    engine,
    observer: counts,
    file: new SnapshotFile(paths.gatewaySnapshot),
    health,
    names: nameService(names, updates, health, log),
    clock: systemClock,
    log,
    onLogLevel: (wanted) => level.set(wanted),
    onApplied: (revision) => tellSupervisor({ applied: revision }),
  });
  const telling = await startMetrics(metrics, gatewayMetrics(counts, { agent, engine, health }), log);
  if (!(await agent.start())) await testEngine(engine, log);
  const stopped = new AbortController();
  const questions = (client: ServerClient): QuestionLoop =>
    new QuestionLoop({ client, answer: (question) => answerQuestion(engine, question), log });
  const following = follow(agent, questions, paths, stopped.signal);
  telling?.ready();
  await untilStopped();
  await telling?.close();
  stopped.abort();
  await agent.close();
  await records?.close();
  await following;
  lock.release();
}

function nameService(
  names: NameSettings,
  updates: readonly UpdatedZone[],
  health: HealthChecker,
  log: Logger,
): NameService {
  return new NameService({
    ...names,
    isHealthy: (node) => health.isHealthy(node),
    openInKernelNetwork: async (place) => openResolverSockets(await Libc.load(), place),
    updates: new NameUpdates(updates, names.ttlS, log),
    log,
  });
}

/**
 * Notes on disk that the kernel carries networks from now on: the next gateway process takes over what this one leaves,
 * also where no network is left by then. The process holds the host until it ends.
 * @throws where this host cannot carry networks in the kernel, or another process does
 */
async function startKernel(
  paths: DataPaths,
  settings: KernelSettings,
  log: Logger,
  records: FlowLog | undefined,
): Promise<Engine> {
  const lock = await takeHostLock();
  try {
    writeFileSync(paths.gatewayKernelMark, "");
    return await startKernelEngine(log, (libc) => LinuxHostNetwork.open(libc, log), records, settings);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function testEngine(engine: Engine, log: Logger): Promise<void> {
  try {
    await selfTest(engine);
  } catch (error) {
    // Endpoints report their own failures; this one is early word of them.
    log.warn({ err: error }, "the engine failed its self-test");
  }
}

async function follow(
  agent: GatewayAgent,
  questions: (client: ServerClient) => QuestionLoop,
  paths: DataPaths,
  signal: AbortSignal,
): Promise<void> {
  const credentials = await waitForCredentials(paths, signal);
  if (!credentials) return;
  const client = new ServerClient(new CurrentCredentials(paths.gatewayCredentials, credentials));
  await Promise.all([agent.follow(client), questions(client).run(signal)]);
}

/** What the file holds now: the server writes it anew when it starts at another address. */
class CurrentCredentials implements GatewayCredentials {
  readonly #path: string;
  #last: GatewayCredentials;

  constructor(path: string, last: GatewayCredentials) {
    this.#path = path;
    this.#last = last;
  }

  get endpoint(): string {
    return this.#read().endpoint;
  }

  get gatewayId(): string {
    return this.#read().gatewayId;
  }

  get token(): string {
    return this.#read().token;
  }

  #read(): GatewayCredentials {
    this.#last = readCredentials(this.#path) ?? this.#last;
    return this.#last;
  }
}

async function waitForCredentials(
  paths: DataPaths,
  signal: AbortSignal,
): Promise<GatewayCredentials | undefined> {
  while (!signal.aborted) {
    const credentials = readCredentials(paths.gatewayCredentials);
    if (credentials) return credentials;
    await delay(credentialsRetryMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
