import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { questionRoutes } from "../api/gateway/question-routes.ts";
import { EventStreams } from "../api/event-streams.ts";
import { LiveFigures } from "../api/live-figures.ts";
import { consoleRoutes } from "../api/console-files.ts";
import { gatewayRoutes } from "../api/gateway/routes.ts";
import type { ApiContext } from "../api/operation.ts";
import { operations } from "../api/operations.ts";
import { PasswordCheck } from "../api/password-check.ts";
import { ResponseCache } from "../api/response-cache.ts";
import { buildServer } from "../api/server.ts";
import { ControlPlane } from "../control/control-plane.ts";
import { AuditRetention } from "../control/audit-retention.ts";
import { GatewayRegistry } from "../control/gateway-registry.ts";
import { ServerCounts } from "../control/metrics/server-counts.ts";
import { QuestionDesk } from "../control/question-desk.ts";
import { Sampler } from "../control/sampler.ts";
import { SnapshotFeed } from "../control/snapshot-feed.ts";
import { SampleBook } from "../domain/sample-book.ts";
import { systemClock } from "../lib/clock.ts";
import { takeExclusiveLock } from "../lib/exclusive-lock.ts";
import { probe } from "../lib/http-probe.ts";
import { httpUrl, type ListenAddress } from "../lib/listen-address.ts";
import type { Logger } from "../lib/log.ts";
import type { Sealer } from "../lib/sealer.ts";
import { StartError } from "../lib/start-error.ts";
import { levelOf, WantedLevel } from "../lib/wanted-level.ts";
import { txtLookup } from "../lib/txt-lookup.ts";
import { SqlStore } from "../store/sql-store.ts";
import { removeUnfinishedBackups } from "./backup/make-backup.ts";
import { completeRestore } from "./backup/restore.ts";
import { eventServices, type EventServices } from "./event-services.ts";
import {
  auditKeyPurpose,
  ensureAdministrator,
  ensureDnsAddresses,
  ensureLocalGateway,
  ensureRegion,
  ensureZone,
  finishRestore,
  loadSealer,
  noteWriter,
  readLineage,
} from "./first-start.ts";
import type { MetricsSettings } from "./metrics-settings.ts";
import { DataMaintenance } from "./maintenance.ts";
import type { DataPaths } from "./paths.ts";
import { tellSupervisor, toggleOnSignal, untilStopped } from "./process-life.ts";
import { serverMetrics } from "./server-metrics.ts";
import { startMetrics } from "./start-metrics.ts";
import { packageVersion } from "./version.ts";

export interface ServerOptions {
  readonly paths: DataPaths;
  readonly listen: ListenAddress;
  /** Region that names and answers carry: asked for, or undefined. It is fixed by the first start. */
  readonly wantedRegion: string | undefined;
  readonly defaultRegion: string;
  /** What private names end with: asked for, or undefined. It is fixed by the first start too. */
  readonly wantedZone: string | undefined;
  readonly defaultZone: string;
  /** For which the audit trail is kept. */
  readonly auditRetentionDays: number;
  /** Where metrics are told; nowhere where it is undefined. */
  readonly metrics: MetricsSettings | undefined;
  /** Networks that webhooks may lead to although they are not public. */
  readonly webhookAllow: readonly string[];
  readonly log: Logger;
}

/** A predecessor that lost its supervisor needs a moment to end. */
const lockWaitMs = 5_000;
/** A gateway may have to look at a million flows. */
const questionWaitMs = 5_000;
/** An answer waits at most this long for the gateways (design, section 3). */
const enforcementWaitMs = 5_000;
const probeTimeoutMs = 3_000;
/** How often whoever follows live figures is told of changes, at most. */
const figuresEveryMs = 2_000;

/** Runs the server until it is told to stop. @throws StartError */
export async function runServer(options: ServerOptions): Promise<void> {
  const { paths, log } = options;
  const logLevels = { server: levelOf(log), gateway: new WantedLevel() };
  toggleOnSignal(logLevels.server);
  const lock = takeExclusiveLock(paths.serverLock, "Postern server", lockWaitMs);
  completeRestore(paths);
  await removeUnfinishedBackups(paths);
  const sealer = loadSealer(paths);
  const counts = new ServerCounts();
  const auditKey = sealer.deriveKey(auditKeyPurpose);
  const store = await SqlStore.open(paths.database, systemClock, auditKey, (ms, writes) =>
    counts.committed(ms, writes),
  );
  await noteWriter(store, packageVersion);
  await finishRestore(store);
  const lineage = await readLineage(store);
  const region = await ensureRegion(store, options.wantedRegion, options.defaultRegion);
  const zone = await ensureZone(store, options.wantedZone, options.defaultZone);
  await ensureDnsAddresses(store, systemClock);
  const registry = new GatewayRegistry(systemClock, enforcementWaitMs);
  const feed = new SnapshotFeed(store, { region, zone, lineage }, (sealed) => sealer.unseal(sealed));
  const events = eventServices(store, sealer, log, options.webhookAllow);
  const control = new ControlPlane(store, systemClock, feed, registry, events.watch);
  const samples = new SampleBook();
  const parts = { store, sealer, control, registry, events, samples };
  const app = buildApi({ ...options, region, zone, counts, logLevels }, parts);
  const endpoint = await listen(app, options.listen);
  const metrics = await startMetrics(options.metrics, serverMetrics(counts, store, registry), log);
  await ensureAdministrator(store, sealer, systemClock, paths, { region, endpoint });
  await ensureLocalGateway(store, paths, endpoint);
  await control.start();
  const retention = new AuditRetention(store.audit, systemClock, options.auditRetentionDays, log);
  retention.start();
  await events.start();
  const sampler = new Sampler(samples, registry, systemClock);
  log.info({ endpoint, revision: store.revision }, "server is ready");
  tellSupervisor({ ready: endpoint });
  metrics?.ready();
  await untilStopped();
  sampler.close();
  events.close();
  await metrics?.close();
  await app.close();
  await retention.stop();
  await store.close();
  lock.release();
}

interface ApiParts {
  readonly store: SqlStore;
  readonly sealer: Sealer;
  readonly control: ControlPlane;
  readonly registry: GatewayRegistry;
  readonly events: EventServices;
  readonly samples: SampleBook;
}

function buildApi(
  options: {
    readonly region: string;
    readonly zone: string;
    readonly counts: ServerCounts;
    readonly log: Logger;
    readonly paths: DataPaths;
    readonly logLevels: ApiContext["logLevels"];
  },
  parts: ApiParts,
): FastifyInstance {
  const { store, sealer, control, registry, events, samples } = parts;
  const desk = new QuestionDesk(() => registry.gateways(), questionWaitMs);
  const context = {
    store,
    clock: systemClock,
    region: options.region,
    zone: options.zone,
    version: packageVersion,
    enforcement: registry,
    live: registry,
    questions: desk,
    logLevels: options.logLevels,
    maintenance: new DataMaintenance(options.paths, packageVersion),
    cache: new ResponseCache(() => store.generation),
    streams: new EventStreams(store, new LiveFigures(store, registry, figuresEveryMs)),
    samples,
    webhooks: events.dispatcher,
    seal: (plain: string) => sealer.seal(plain),
    unseal: (sealed: string) => sealer.unseal(sealed),
    passwords: new PasswordCheck(systemClock),
    lookUpTxt: txtLookup(),
    probe: (target: Parameters<typeof probe>[0]) => probe(target, probeTimeoutMs),
  };
  const { counts, log, logLevels } = options;
  const forGateways = [
    gatewayRoutes(store, control, randomUUID(), { level: logLevels.gateway, log }),
    questionRoutes(store, desk),
    consoleRoutes(join(import.meta.dirname, "../../console/dist")),
  ];
  return buildServer(context, operations, (app) => forGateways.forEach((add) => add(app)), log, counts);
}

async function listen(app: FastifyInstance, { host, port }: ListenAddress): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StartError(
      code === "EADDRINUSE"
        ? `Port ${port} on ${host} is taken by another program. Stop it, or choose another with --listen.`
        : `Cannot listen on ${host}:${port}: ${message}. Choose another address with --listen.`,
    );
  }
  const address = app.server.address() as AddressInfo;
  return httpUrl({ host, port: address.port });
}
