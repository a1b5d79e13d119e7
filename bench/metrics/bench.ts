import { withChildren } from "../proxy/children.ts";
import type { Bench, BenchResult } from "../result.ts";
import { measureGateway } from "./gateway.ts";
import type { Findings } from "./measure.ts";
import { measureServer } from "./server.ts";

const endpoints = 10_000;

/** Metrics of ten thousand endpoints, as Prometheus reads them, and what others notice of it. */
export const benchMetrics: Bench = (progress) =>
  withChildren(async (children) => {
    progress(`a gateway with ${endpoints} endpoints, asked for names meanwhile`);
    const gateway = await measureGateway(children, endpoints);
    progress(`a server with ${endpoints} endpoints, asked for connections meanwhile`);
    const server = await measureServer(children, endpoints);
    return report([gateway, server]);
  });

function report(all: readonly Findings[]): BenchResult {
  const rows = all.map(({ name, scrapeMs, samples, bytes, delayMs, quiet, during }) => [
    name,
    scrapeMs.toFixed(0),
    String(samples),
    (bytes / 1e6).toFixed(1),
    delayMs.toFixed(1),
    ...[quiet, during].flatMap((waits) => [
      waits.median.toFixed(2),
      waits.p99.toFixed(1),
      waits.longest.toFixed(1),
    ]),
  ]);
  const figures = all.flatMap(({ name, scrapeMs, delayMs, during }) => [
    [`metrics_${name}_scrape`, Number(scrapeMs.toFixed(1))] as const,
    [`metrics_${name}_loop_delay`, Number(delayMs.toFixed(1))] as const,
    [`metrics_${name}_others_p99`, Number(during.p99.toFixed(1))] as const,
  ]);
  return {
    tables: [
      {
        title: `Metrics of ${endpoints} endpoints, milliseconds; goal: below 250, and nobody else waits 25`,
        header: [
          "",
          "scrape",
          "samples",
          "MB",
          "loop delay",
          "others, quiet p50",
          "p99",
          "longest",
          "while read p50",
          "p99",
          "longest",
        ],
        rows,
      },
    ],
    notes: [],
    ratios: {},
    ms: Object.fromEntries(figures),
    bytes: Object.fromEntries(all.map(({ name, bytes }) => [`metrics_${name}`, bytes])),
  };
}
