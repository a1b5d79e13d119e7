import { resolve } from "node:path";
import type { Command } from "commander";
import type { KernelSettings } from "../gateway/kernel/start.ts";
import { parseIpv4Prefix } from "../lib/ipv4.ts";
import { parseIpv6Prefix } from "../lib/ipv6.ts";
import { parseListenAddress } from "../lib/listen-address.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import { isLogLevel, logLevels, type LogLevel } from "../lib/wanted-level.ts";
import { StartError } from "../lib/start-error.ts";
import { auditArgs, readAuditRetention, withAudit, type AuditFlags } from "./audit-settings.ts";
import { flowLogArgs, readFlowLog, withFlowLog, type FlowLogFlags } from "./flow-log-settings.ts";
import {
  metricsArgs,
  metricsHelp,
  metricsTokenHelp,
  readMetrics,
  type MetricsFlags,
  type MetricsProcess,
} from "./metrics-settings.ts";
import { nameArgs, readNames, readUpdates, withNames, type NameFlags } from "./name-settings.ts";
import { dataPaths, defaultData, type DataPaths } from "./paths.ts";
import { runProcess } from "./process-life.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const defaultListen = "127.0.0.1:9700";
const defaultRegion = "region-1";
const defaultZone = "postern.internal";
const zoneHelp = `zone of private names (first start only; default ${defaultZone})`;
const logLevelHelp = "least of what is logged (or POSTERN_LOG; default warn for up, else info)";
const webhookAllowHelp = "network that webhooks may lead to although it is not public; may be repeated";
const defaultIdleTimeoutS = "3600";
const flowsHelp = "most flows of one network that the kernel carries (default: half of the kernel's table)";
const mostListed = 100_000;

interface ProcessFlags extends FlowLogFlags, NameFlags, AuditFlags, MetricsFlags {
  readonly data?: string;
  readonly logLevel?: LogLevel;
  readonly listen: string;
  readonly region?: string;
  readonly dnsZone?: string;
  readonly webhookAllow?: readonly string[];
  readonly idleTimeout: string;
  readonly flowsPerNetwork?: string;
  readonly remove?: true;
  readonly yes?: true;
  readonly check?: true;
  readonly sessions?: true;
  readonly endpoint?: string;
  readonly limit: string;
  readonly json?: true;
}

/** Whether the command line starts a process; one that asks for help does not. */
export function isProcessCommand([command, ...rest]: readonly string[]): boolean {
  return (
    ["up", "server", "gateway"].includes(command ?? "") &&
    !rest.some((arg) => arg === "--help" || arg === "-h")
  );
}

/** Adds the commands that run processes. Their modules load on use: the other commands start without them. */
export function addProcessCommands(program: Command, env: Environment): void {
  const logLevel = env["POSTERN_LOG"];
  const loggerOf = (name: string, flags: ProcessFlags, byDefault: LogLevel): Logger =>
    createLogger(name, flags.logLevel ?? (isLogLevel(logLevel) ? logLevel : byDefault));
  const pathsOf = (command: Command): DataPaths =>
    dataPaths(resolve(command.optsWithGlobals<ProcessFlags>().data ?? env["POSTERN_DATA"] ?? defaultData));

  withServerFlags(
    withGatewayFlags(
      program.command("up").description("run server and gateway on this machine, until Ctrl-C"),
    ),
  )
    .option("--metrics-server <host:port>", metricsHelp("server"))
    .option("--metrics-gateway <host:port>", metricsHelp("gateway"))
    .option("--metrics-token-file <file>", metricsTokenHelp)
    .action(async (flags: ProcessFlags, command: Command) => {
      const { runUp } = await import("./up.ts");
      const paths = pathsOf(command);
      // People read the terminal of this one; who runs the processes alone has somewhere to keep their lines.
      const log = loggerOf("up", flags, "warn");
      await runProcess(log, async () => {
        await checkFlags(flags);
        const common = ["--data", paths.root, "--log-level", log.level];
        return runUp({
          paths,
          program: [...process.execArgv, process.argv[1] ?? ""],
          serverArgs: [...common, "--listen", flags.listen, ...serverArgs(flags)],
          gatewayArgs: [...common, ...gatewayArgs(flags)],
          print,
        });
      });
    });

  withMetrics(
    withServerFlags(withData(program.command("server").description("run the server alone"))),
    "server",
  ).action(async (flags: ProcessFlags, command: Command) => {
    const { runServer } = await import("./server.ts");
    const log = loggerOf("server", flags, "info");
    const paths = pathsOf(command);
    await runProcess(log, () =>
      runServer({
        paths,
        listen: parseListenAddress(flags.listen),
        log,
        wantedRegion: flags.region,
        defaultRegion,
        wantedZone: flags.dnsZone,
        defaultZone,
        auditRetentionDays: readAuditRetention(flags),
        metrics: readMetrics("server", flags.metrics, flags.metricsTokenFile),
        webhookAllow: readWebhookAllow(flags),
      }),
    );
  });

  addGatewayCommand(program, (flags) => loggerOf("gateway", flags, "info"), pathsOf);
}

function addGatewayCommand(
  program: Command,
  loggerOf: (flags: ProcessFlags) => Logger,
  pathsOf: (command: Command) => DataPaths,
): void {
  withMetrics(withGatewayFlags(program.command("gateway").description("run the gateway alone")), "gateway")
    .option("--check", "only tell what this host lacks for carrying networks in the kernel")
    .option("--sessions", "only list the sessions that this host's kernel carries, newest first; takes root")
    .option("--endpoint <id>", "with --sessions: of this endpoint")
    .option("--limit <n>", "with --sessions: most sessions to list", "1000")
    .option("--json", "with --check and --sessions: for programs")
    .option("--remove", "only take what gateways have left in the kernel of this host out of it")
    .option("--yes", "with --remove: do not ask")
    .action(async (flags: ProcessFlags, command: Command) => {
      const log = loggerOf(flags);
      const paths = pathsOf(command);
      if (flags.check) return check(flags, paths);
      if (flags.remove) return remove(flags, paths, log);
      if (flags.sessions) {
        const { printGatewaySessions } = await import("./gateway-sessions.ts");
        await runProcess(log, () =>
          printGatewaySessions({
            snapshotPath: paths.gatewaySnapshot,
            ...(flags.endpoint === undefined ? {} : { endpoint: flags.endpoint }),
            limit: readLimit(flags.limit),
            isJson: flags.json === true,
            print,
          }),
        );
        return;
      }
      const { runGateway } = await import("./gateway.ts");
      await runProcess(log, async () => {
        const idleTimeoutMs = readIdleTimeoutMs(flags.idleTimeout);
        const flowLog = readFlowLog(flags);
        const kernel = readKernelSettings(flags);
        const names = readNames(flags);
        const updates = await readUpdates(flags);
        const records = flowLog ? { flowLog } : {};
        const metrics = readMetrics("gateway", flags.metrics, flags.metricsTokenFile);
        await runGateway({ paths, idleTimeoutMs, kernel, names, updates, metrics, log, ...records });
      });
    });
}

function print(text: string): void {
  process.stdout.write(text);
}

async function check(flags: ProcessFlags, paths: DataPaths): Promise<void> {
  const { checkGatewayHost } = await import("./gateway-check.ts");
  process.exitCode = await checkGatewayHost(paths, flags.json === true, process.stdout);
}

async function remove(flags: ProcessFlags, paths: DataPaths, log: Logger): Promise<void> {
  const { removeGateway } = await import("./gateway-remove.ts");
  const { stdin, stdout, stderr } = process;
  const io = { stdin, stdout, stderr, isTerminal: stdin.isTTY && stdout.isTTY };
  await runProcess(log, () => removeGateway({ paths, isConfirmed: flags.yes === true, io, log }));
}

function gatewayArgs(flags: ProcessFlags): readonly string[] {
  return [
    "--idle-timeout",
    flags.idleTimeout,
    ...flowLogArgs(flags),
    ...flowsArgs(flags),
    ...nameArgs(flags),
    ...metricsArgs("gateway", flags),
  ];
}

function flowsArgs({ flowsPerNetwork }: ProcessFlags): readonly string[] {
  return flowsPerNetwork === undefined ? [] : ["--flows-per-network", flowsPerNetwork];
}

function serverArgs(flags: ProcessFlags): readonly string[] {
  const { region, dnsZone, webhookAllow = [] } = flags;
  return [
    ...auditArgs(flags),
    ...webhookAllow.flatMap((network) => ["--webhook-allow", network]),
    ...(region === undefined ? [] : ["--region", region]),
    ...(dnsZone === undefined ? [] : ["--dns-zone", dnsZone]),
    ...metricsArgs("server", flags),
  ];
}

function withGatewayFlags(command: Command): Command {
  return withNames(withFlowLog(withData(command)))
    .option("--idle-timeout <seconds>", "end sessions without a byte for so long", defaultIdleTimeoutS)
    .option("--flows-per-network <number>", flowsHelp);
}

function withMetrics(command: Command, of: MetricsProcess): Command {
  return command
    .option("--metrics <host:port>", metricsHelp(of))
    .option("--metrics-token-file <file>", metricsTokenHelp);
}

function withServerFlags(command: Command): Command {
  return withAudit(command)
    .option("--listen <host:port>", "address of the API", defaultListen)
    .option("--region <name>", `region that names carry (first start only; default ${defaultRegion})`)
    .option("--dns-zone <name>", zoneHelp)
    .option("--webhook-allow <cidr>", webhookAllowHelp, (text: string, before: string[] | undefined) => [
      ...(before ?? []),
      text,
    ]);
}

function withData(command: Command): Command {
  return command
    .option("--data <dir>", `data directory (or POSTERN_DATA; default ${defaultData})`)
    .addOption(command.createOption("--log-level <level>", logLevelHelp).choices(logLevels));
}

async function checkFlags(flags: ProcessFlags): Promise<void> {
  parseListenAddress(flags.listen);
  readWebhookAllow(flags);
  readIdleTimeoutMs(flags.idleTimeout);
  readAuditRetention(flags);
  readKernelSettings(flags);
  await readUpdates(flags);
}

/** @throws StartError */
function readIdleTimeoutMs(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 7 * 86_400) return seconds * 1000;
  throw new StartError(`"${text}" is no idle timeout. Give whole seconds from 1 to 604800.`);
}

/** @throws StartError */
function readKernelSettings({ flowsPerNetwork }: ProcessFlags): KernelSettings {
  if (flowsPerNetwork === undefined) return {};
  const flows = Number(flowsPerNetwork);
  if (Number.isInteger(flows) && flows >= 1 && flows <= 1_000_000_000) return { flowsPerNetwork: flows };
  throw new StartError(
    `"${flowsPerNetwork}" is no number of flows. Give a whole number from 1 to 1000000000.`,
  );
}

/** @throws StartError */
function readWebhookAllow({ webhookAllow = [] }: ProcessFlags): readonly string[] {
  for (const text of webhookAllow) {
    if (parseIpv4Prefix(text) || parseIpv6Prefix(text)) continue;
    throw new StartError(
      `"${text}" is no network that webhooks could be allowed to lead to. Give a CIDR such as 10.1.0.0/16 or fd00::/8.`,
    );
  }
  return webhookAllow;
}

/** @throws StartError */
function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostListed) return limit;
  throw new StartError(`"${text}" is no limit. Give a whole number from 1 to ${mostListed}.`);
}
