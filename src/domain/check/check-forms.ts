import type { Finding } from "./finding.ts";
import { forms, type RawRow, type TableName, type Tables } from "./forms.ts";

/** How findings call the rows of a table. */
const kinds: Readonly<Record<TableName, string>> = {
  account: "account",
  project: "project",
  user: "user",
  accessKey: "key",
  token: "token of user",
  vpc: "vpc",
  subnet: "subnet",
  releasedAddress: "released address of subnet",
  cluster: "cluster",
  endpointService: "service",
  permission: "permission",
  endpoint: "endpoint",
  serviceDomain: "domain",
  gateway: "gateway",
};
/** Columns whose values no message may show. */
const secret = /secret|password|hash/i;
const longestShown = 60;

/** Parts rows that are as their columns say from those that are not, and tells of the latter. */
export function sortRows(raw: Readonly<Record<TableName, readonly RawRow[]>>): {
  readonly tables: Tables;
  readonly findings: readonly Finding[];
} {
  const findings: Finding[] = [];
  const tables: Record<string, readonly RawRow[]> = {};
  for (const name of Object.keys(forms) as TableName[]) {
    tables[name] = raw[name].filter((row) => {
      const wrong = wrongColumn(name, row);
      if (wrong !== undefined) findings.push(misshapen(name, row, wrong));
      return wrong === undefined;
    });
  }
  return { tables: tables as Tables, findings };
}

function wrongColumn(name: TableName, row: RawRow): string | undefined {
  const columns: Readonly<Record<string, (value: unknown) => boolean>> = forms[name];
  for (const column in columns) {
    if (columns[column]?.(row[column]) === false) return column;
  }
  return undefined;
}

function misshapen(name: TableName, row: RawRow, column: string): Finding {
  const { id = row["userId"] ?? row["subnetId"] } = row;
  const shown = secret.test(column)
    ? "something"
    : JSON.stringify(row[column] ?? null).slice(0, longestShown);
  return {
    where: `${kinds[name]}/${String(id).slice(0, longestShown)}`,
    what: `Its ${column} holds ${shown}, which it cannot.`,
    next: "Restore a backup from before this, or delete and make the resource anew.",
  };
}
