import { resolve } from "node:path";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { parseListenAddress, type ListenAddress } from "../lib/listen-address.ts";
import { StartError } from "../lib/start-error.ts";

/** Where a process tells its metrics. */
export interface MetricsSettings {
  readonly listen: ListenAddress;
  /** Nobody asked for this address: where it is taken, the process goes on without. */
  readonly isDefault: boolean;
  readonly tokenFile?: string;
}

/** What the command line says of it: `--metrics` of one process, or one of each of `up`. */
export interface MetricsFlags {
  readonly metrics?: string;
  readonly metricsServer?: string;
  readonly metricsGateway?: string;
  readonly metricsTokenFile?: string;
}

export type MetricsProcess = "server" | "gateway";

/** The ports after the API's. */
export const defaultMetrics: Readonly<Record<MetricsProcess, string>> = {
  server: "127.0.0.1:9701",
  gateway: "127.0.0.1:9702",
};

const off = "off";
export const metricsTokenHelp =
  "file with the token that readers of metrics have to say; needed where others than this host reach them";

export function metricsHelp(of: MetricsProcess): string {
  return `where to tell the ${of}'s metrics to Prometheus, or off (default ${defaultMetrics[of]})`;
}

/**
 * Undefined where there are to be none.
 * @throws StartError where the address is none, or others than this host reach it and there is no token
 */
export function readMetrics(
  of: MetricsProcess,
  text: string | undefined,
  tokenFile: string | undefined,
): MetricsSettings | undefined {
  if (text === off) return undefined;
  const address = text ?? defaultMetrics[of];
  const listen = parseListenAddress(address);
  if (tokenFile === undefined && !isLoopback(listen.host)) {
    throw new StartError(
      `Metrics on ${address} could be read by others than this host. Name a file with a token for them with ` +
        "--metrics-token-file, or choose an address of loopback.",
    );
  }
  const token = tokenFile === undefined ? {} : { tokenFile: resolve(tokenFile) };
  return { listen, isDefault: text === undefined, ...token };
}

/** The arguments that say to a process what was said of it to `up`. @throws StartError */
export function metricsArgs(of: MetricsProcess, flags: MetricsFlags): readonly string[] {
  const text = of === "server" ? flags.metricsServer : flags.metricsGateway;
  const { metricsTokenFile } = flags;
  readMetrics(of, text, metricsTokenFile);
  return [
    ...(text === undefined ? [] : ["--metrics", text]),
    ...(metricsTokenFile === undefined ? [] : ["--metrics-token-file", resolve(metricsTokenFile)]),
  ];
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8);
  loopback.addAddress("::1", "ipv6");
  if (isIPv4(host)) return loopback.check(host);
  return isIPv6(host) ? loopback.check(host, "ipv6") : host === "localhost";
}
