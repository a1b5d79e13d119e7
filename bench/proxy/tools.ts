import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { output } from "./children.ts";

export const nginxStreamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** A program that the bench uses, with the Debian packages that bring it. */
interface Tool {
  readonly packages: readonly string[];
  present(): boolean;
}

const tools = {
  iperf3: { packages: ["iperf3"], present: () => onPath("iperf3") },
  wrk: { packages: ["wrk"], present: () => onPath("wrk") },
  haproxy: { packages: ["haproxy"], present: () => onPath("haproxy") },
  nginx: {
    packages: ["nginx", "libnginx-mod-stream"],
    present: () => onPath("nginx") && existsSync(nginxStreamModule),
  },
  nft: { packages: ["nftables"], present: () => onPath("nft") },
  ip: { packages: ["iproute2"], present: () => onPath("ip") },
  knot: { packages: ["knot"], present: () => onPath("knotd") },
  dnsperf: { packages: ["dnsperf"], present: () => onPath("dnsperf") },
} satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;

/** What to do where programs are missing. */
export const missingHelp = "install it, or run as root on Debian, where the bench does";

/** Installs what is missing where that is possible, and returns what is there then. */
export async function provideTools(
  names: readonly ToolName[],
  progress: (sentence: string) => void,
): Promise<ReadonlySet<ToolName>> {
  const packages = names.filter((name) => !tools[name].present()).flatMap((name) => tools[name].packages);
  if (packages.length > 0 && process.getuid?.() === 0 && onPath("apt-get")) {
    progress(`installing ${packages.join(", ")}`);
    try {
      await output("apt-get", "install", "--yes", "--no-install-recommends", ...packages);
    } catch (error) {
      progress(`that did not work: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return new Set(names.filter((name) => tools[name].present()));
}

function onPath(program: string): boolean {
  // Servers live in sbin, which is not on everybody's path.
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return directories.some((directory) => existsSync(join(directory, program)));
}

/** How the programs that make the load are run: `output`, or something that runs them elsewhere. */
export type Run = typeof output;

/** Gigabits a second that arrived. */
export async function bulk(
  host: string,
  port: number,
  streams: number,
  seconds: number,
  run: Run = output,
): Promise<number> {
  const args = ["-c", host, "-p", String(port), "-P", String(streams), "-t", String(seconds), "-J"];
  const report = JSON.parse(await patiently(() => run("iperf3", ...args))) as {
    end: { sum_received: { bits_per_second: number } };
  };
  return report.end.sum_received.bits_per_second / 1e9;
}

export interface RequestFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Small requests, each on a connection of its own or on connections that stay. */
export async function requests(
  url: string,
  options: {
    connections: number;
    seconds: number;
    close: boolean;
    headers?: readonly string[];
    /** Of the program that makes the load; one where it is left out. */
    threads?: number;
  },
  run: Run = output,
): Promise<RequestFigures> {
  const args = [
    `-t${options.threads ?? 1}`,
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    "--latency",
  ];
  if (options.close) args.push("-H", "Connection: close");
  for (const header of options.headers ?? []) args.push("-H", header);
  const report = await run("wrk", ...args, url);
  return {
    perSecond: Number(captured(report, /Requests\/sec:\s+([\d.]+)/)[0]),
    p50Ms: milliseconds(captured(report, /50%\s+([\d.]+)(us|ms|s)/)),
    p99Ms: milliseconds(captured(report, /99%\s+([\d.]+)(us|ms|s)/)),
  };
}

function milliseconds([number, unit]: readonly string[]): number {
  const factor = unit === "us" ? 0.001 : unit === "s" ? 1_000 : 1;
  return Number(number) * factor;
}

function captured(report: string, pattern: RegExp): readonly string[] {
  const match = pattern.exec(report);
  if (match === null) throw new Error(`wrk printed no ${pattern.source}: ${report}`);
  return match.slice(1);
}

/** iperf3's server says "busy" for a moment after each test. */
async function patiently(run: () => Promise<string>): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === 5) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
