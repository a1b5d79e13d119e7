import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Children } from "../proxy/children.ts";
import { provideTools, requests } from "../proxy/tools.ts";
import { median, type Bench, type BenchResult } from "../result.ts";
import { startNode, System } from "./system.ts";

const rounds = 5;
const secondsEach = 2;
const clients = 16;
const connections = 1_000;
const coldStarts = 5;
const opens = 15;
const limits = [10, 1_000] as const;

type Progress = (sentence: string) => void;

/** GET connections beside a bare route that sends the same bytes; cold start; open to the first answer. */
export const benchApi: Bench = async (progress) => {
  const available = await provideTools(progress);
  const children = await Children.create();
  const node = await startNode();
  try {
    const coldStartMs = await measureColdStarts(progress);
    const system = await System.start(children, "data");
    const openMs = await measureOpens(system, node.url, progress);
    if (!available.has("wrk"))
      return report(new Map(), coldStartMs, openMs, ["wrk is missing: no requests measured."]);
    const reads = await measureReads(children, system, node.url, progress);
    return report(reads, coldStartMs, openMs, []);
  } finally {
    node.server.close();
    await children.end();
  }
};

async function measureColdStarts(progress: Progress): Promise<number> {
  progress(`${coldStarts} cold starts of server and gateway`);
  const times: number[] = [];
  for (let run = 0; run < coldStarts; run += 1) {
    const own = await Children.create();
    times.push((await System.start(own, `cold-${run}`)).startedInMs);
    await own.end();
  }
  return median(times);
}

/** From sending `open` to the first answer of the cluster through the new endpoint. */
async function measureOpens(system: System, nodeUrl: string, progress: Progress): Promise<number> {
  progress(`${opens} clusters opened, until the first answer through the endpoint`);
  const times: number[] = [];
  for (let run = 0; run < opens; run += 1) {
    const service = `/v1.0/{pid}/clusters/${await system.register(`open-${run}`, nodeUrl)}/vpcepservice`;
    const startedAt = performance.now();
    await system.call("POST", `${service}/open`, {});
    const listed = JSON.parse(await system.call("GET", `${service}/connections`)) as {
      connections: { vpcepIp: string }[];
    };
    await firstAnswer(listed.connections[0]?.vpcepIp ?? "");
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

function firstAnswer(host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ host, port: 9200, agent: false }, (response) => {
      response.resume().once("end", resolve);
    }).once("error", reject);
  });
}

interface Reads {
  readonly ours: number[];
  readonly bare: number[];
}

/** Requests a second of both, in turn, by page size. */
async function measureReads(
  children: Children,
  system: System,
  nodeUrl: string,
  progress: Progress,
): Promise<ReadonlyMap<number, Reads>> {
  progress(`making a cluster with ${connections} connections`);
  const list = await makeConnections(system, nodeUrl);
  const port = await startBareRoute(children, system, list);
  const results = new Map<number, Reads>(limits.map((limit) => [limit, { ours: [], bare: [] }]));
  // The first round warms both up and is not counted: what is compared is how they run, not how they start.
  for (let round = 0; round <= rounds; round += 1) {
    progress(round === 0 ? "warming up" : `round ${round} of ${rounds}: GET connections and a bare route`);
    for (const [index, limit] of limits.entries()) {
      const options = { connections: clients, seconds: secondsEach, close: false };
      const bare = await requests(`http://127.0.0.1:${port}/${index}`, options);
      const headers = [system.authentication];
      const ours = await requests(system.url(`${list}?limit=${limit}`), { ...options, headers });
      if (round === 0) continue;
      results.get(limit)?.bare.push(bare.perSecond);
      results.get(limit)?.ours.push(ours.perSecond);
    }
  }
  return results;
}

/** Returns the path of the list. */
async function makeConnections(system: System, nodeUrl: string): Promise<string> {
  const cluster = await system.register("reads", nodeUrl);
  await system.call("POST", `/v1.0/{pid}/clusters/${cluster}/vpcepservice/open`, {});
  const atOnce = 32;
  let left = connections - 1;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await system.call("POST", "/postern/v1/{pid}/endpoints", { service: cluster });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return `/v1.0/{pid}/clusters/${cluster}/vpcepservice/connections`;
}

async function startBareRoute(children: Children, system: System, list: string): Promise<number> {
  const files: string[] = [];
  for (const limit of limits) {
    const file = join(children.directory, `page-${limit}.json`);
    await writeFile(file, await system.call("GET", `${list}?limit=${limit}`));
    files.push(file);
  }
  const child = fork(fileURLToPath(new URL("./bare-route.ts", import.meta.url)), files);
  children.keep(child);
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return port;
}

function report(
  reads: ReadonlyMap<number, Reads>,
  coldStartMs: number,
  openMs: number,
  notes: readonly string[],
): BenchResult {
  const ratios: Record<string, number> = {};
  const rows: string[][] = [];
  for (const [limit, { ours, bare }] of reads) {
    // Of pairs that ran side by side: the machine's mood cancels out.
    const ratio = median(ours.map((value, index) => value / (bare[index] ?? Number.NaN)));
    ratios[`connections_limit_${limit}_vs_bare`] = rounded(ratio, 3);
    const figures = [median(ours), median(bare)].map((value) => value.toFixed(0));
    rows.push([`GET connections?limit=${limit}`, ...figures, ratio.toFixed(2)]);
  }
  const times = [
    ["cold start of server and gateway", coldStartMs.toFixed(0)],
    ["open to first answered request", openMs.toFixed(1)],
  ];
  return {
    tables: [
      { title: "Reads, requests a second", header: ["", "postern", "bare route", "ratio"], rows },
      { title: "Times, milliseconds, medians", header: ["", "ms"], rows: times },
    ],
    notes,
    ratios,
    ms: { cold_start: rounded(coldStartMs, 1), open_to_first_answer: rounded(openMs, 1) },
    bytes: {},
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
