import { output } from "../proxy/children.ts";

/** What came of asking. */
export interface LoadFigures {
  readonly perSecond: number;
  readonly lost: number;
  /** Kinds of answers with their shares, as dnsperf prints them. */
  readonly codes: string;
}

export interface Latencies extends LoadFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Who is asked what. */
export interface Target {
  readonly address: string;
  readonly port: number;
  /** The file of questions. */
  readonly questions: string;
}

const outstanding = 200;
const askers = 10;
/** Whose answer is not there by then is lost: waiting for longer would keep others from being asked. */
const patienceS = 0.5;
const mostSeconds = 10;

/** Each question once, with as few under way that none is lost. @throws Error where one is */
export async function askOnce(target: Target): Promise<LoadFigures> {
  const figures = figuresOf(await ask(target, mostSeconds, "-n", "1", "-q", "50"));
  if (figures.lost > 0)
    throw new Error(`${target.address} left ${figures.lost} questions without an answer.`);
  return figures;
}

/** As many queries as are answered, with 200 at a time under way. */
export async function askAtFullSpeed(target: Target, seconds: number): Promise<LoadFigures> {
  return figuresOf(await ask(target, seconds, "-q", String(outstanding)));
}

/** As many queries a second as are named, whatever comes of them. */
export async function askAtRate(target: Target, perSecond: number, seconds: number): Promise<Latencies> {
  // A second's queries may be under way before anybody waits for an answer.
  const report = await ask(target, seconds, "-Q", String(perSecond), "-q", String(perSecond), "-v");
  const ms = [...report.matchAll(/^> \S+ \S+ \S+ ([\d.]+)$/gm)].map(([, s]) => Number(s) * 1_000);
  const sorted = Float64Array.from(ms).toSorted();
  return { ...figuresOf(report), p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

function quantile(sorted: Float64Array, share: number): number {
  const value = sorted[Math.floor(sorted.length * share)];
  if (value === undefined) throw new Error("No query was answered.");
  return value;
}

function ask({ address, port, questions }: Target, seconds: number, ...rest: string[]): Promise<string> {
  const where = ["-s", address, "-p", String(port), "-d", questions];
  const how = ["-e", "-t", String(patienceS), "-c", String(askers)];
  return output("dnsperf", ...where, ...how, "-l", String(seconds), ...rest);
}

function figuresOf(report: string): LoadFigures {
  return {
    perSecond: Number(captured(report, /Queries per second:\s+([\d.]+)/)),
    lost: Number(captured(report, /Queries lost:\s+(\d+)/)),
    codes: captured(report, /Response codes:\s+(.*)/),
  };
}

function captured(report: string, pattern: RegExp): string {
  const match = pattern.exec(report)?.[1];
  if (match === undefined) throw new Error(`dnsperf printed no ${pattern.source}: ${report.slice(-500)}`);
  return match;
}
