import type { Family, Table } from "./family.ts";

/** A process has one of each: families without labels. */
export function processTable(families: readonly Family<void>[]): Table<void> {
  return { families, rows: () => [undefined], labels: () => [] };
}

/** @param name says the unit; that of a counter ends in `_total` */
export function plainFamily(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: () => number,
): Family<void> {
  return { name, help, type, series: [{ value }] };
}

/** Which build of Postern a process runs. */
export function buildInfo(version: string): Table<string> {
  const info = { name: "postern_build_info", help: "Version of Postern; always 1.", type: "gauge" } as const;
  return {
    families: [{ ...info, series: [{ value: () => 1 }] }],
    rows: () => [version],
    labels: () => [["version", version]],
  };
}
