import { get } from "node:http";
import { Children } from "../proxy/children.ts";
import { provideTools } from "../proxy/tools.ts";
import { median, type Bench, type BenchResult } from "../result.ts";
import { measureReads, type Reads } from "./reads.ts";
import { startNode, System } from "./system.ts";
import { createEndpoints, type Creations } from "./writes.ts";

const connections = 1_000;
const coldStarts = 5;
const opens = 15;

type Progress = (sentence: string) => void;

/** Reads beside a bare route that sends the same bytes; endpoints created; cold start; open to the first answer. */
export const benchApi: Bench = async (progress) => {
  const available = await provideTools(["wrk"], progress);
  const children = await Children.create();
  const node = await startNode();
  try {
    const coldStartMs = await measureColdStarts(progress);
    const system = await System.start(children, "data");
    const openMs = await measureOpens(system, node.url, progress);
    progress(`creating ${connections} endpoints`);
    const creations = await createEndpoints(system, node.url, connections);
    const canRead = available.has("wrk");
    const reads = canRead ? await measureReads(children, system, creations.list, progress) : [];
    const notes = canRead ? [] : ["wrk is missing: no reads measured."];
    return report({ coldStartMs, openMs, creations, reads, notes });
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

interface Findings {
  readonly coldStartMs: number;
  readonly openMs: number;
  readonly creations: Creations;
  readonly reads: readonly Reads[];
  readonly notes: readonly string[];
}

function report({ coldStartMs, openMs, creations, reads, notes }: Findings): BenchResult {
  const ratios: Record<string, number> = {};
  const rows: string[][] = [];
  for (const { limit, token, signed, bare } of reads) {
    const ofToken = ratio(token, bare);
    const ofSigned = ratio(signed, bare);
    ratios[`connections_limit_${limit}_vs_bare`] = rounded(ofToken, 3);
    ratios[`connections_limit_${limit}_signed_vs_bare`] = rounded(ofSigned, 3);
    const figures = [token, signed, bare].map((values) => median(values).toFixed(0));
    rows.push([`GET connections?limit=${limit}`, ...figures, ofToken.toFixed(2), ofSigned.toFixed(2)]);
  }
  const times = [
    ["cold start of server and gateway", coldStartMs.toFixed(0)],
    ["open to first answered request", openMs.toFixed(1)],
    ["create an endpoint, until the gateway carries it, median", creations.medianMs.toFixed(1)],
    ["the same, 99th percentile", creations.p99Ms.toFixed(1)],
  ];
  const readsHeader = ["", "by token", "signed", "bare route", "ratio", "signed"];
  const writes = [[`endpoints created, ${connections} in all`, creations.perSecond.toFixed(0)]];
  return {
    tables: [
      { title: "Reads, requests a second", header: readsHeader, rows },
      { title: "Writes, a second, 32 at once, durable and in force", header: ["", "postern"], rows: writes },
      { title: "Times, milliseconds", header: ["", "ms"], rows: times },
    ],
    notes,
    ratios,
    ms: {
      cold_start: rounded(coldStartMs, 1),
      open_to_first_answer: rounded(openMs, 1),
      create_endpoint: rounded(creations.medianMs, 1),
      create_endpoint_p99: rounded(creations.p99Ms, 1),
    },
    bytes: {},
  };
}

/** Of pairs that ran side by side: the machine's mood cancels out. */
function ratio(ours: readonly number[], bare: readonly number[]): number {
  return median(ours.map((value, index) => value / (bare[index] ?? Number.NaN)));
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
