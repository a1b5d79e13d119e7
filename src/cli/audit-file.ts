import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { digestTexts } from "../lib/authenticator.ts";
import { UsageError } from "./cli-error.ts";
import { isJsonObject } from "./json.ts";

/** What the server is asked about one line: nothing of it but a digest. */
export interface LineClaim {
  readonly seq: number;
  readonly previous: string;
  readonly digest: string;
  readonly hash: string;
}

interface Line {
  readonly seq: number;
  readonly at: string;
  readonly revision: number;
  readonly actor: string;
  readonly account_id: string | null;
  readonly project_id: string | null;
  readonly source: string | null;
  readonly action: string;
  readonly resource: string;
  readonly request_id: string | null;
  readonly changes: readonly {
    readonly number: number;
    readonly kind: string;
    readonly id: string;
    readonly project_id: string | null;
    readonly owner_project_id: string | null;
    readonly account_id: string | null;
    readonly before: object | null;
    readonly after: object | null;
  }[];
  readonly previous: string;
  readonly hash: string;
}

/**
 * Reads an export of the whole trail.
 * @throws UsageError where the file cannot be read, or a line is no line of such an export
 */
export async function* readClaims(file: string): AsyncIterable<LineClaim> {
  let number = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number += 1;
      yield claimOf(JSON.parse(text) as unknown);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const where = number === 0 ? file : `${file}, line ${number},`;
    throw new UsageError(
      `${where} is no export of the whole audit trail: ${reason}.`,
      "Make one with: postern audit export --all-projects",
    );
  }
}

function claimOf(value: unknown): LineClaim {
  if (!isJsonObject<Line>(value) || !Array.isArray(value.changes)) throw new TypeError("it has no changes");
  if (typeof value.hash !== "string") {
    throw new TypeError(
      "it has no link, as in the export of one project, which has only what that project may see",
    );
  }
  const { seq, previous, hash } = value;
  return {
    seq,
    previous,
    digest: digestTexts([...textsOfLine(value), ...value.changes.flatMap(textsOfChange)]),
    hash,
  };
}

/** In the order that the server's links hold for: part of the format of an export. */
function textsOfLine(line: Line): readonly (string | null)[] {
  const { seq, revision, at, actor, source, action, resource } = line;
  const numbers = [seq, revision, Date.parse(at)].map(String);
  return [...numbers, actor, line.account_id, line.project_id, source, action, resource, line.request_id];
}

function textsOfChange(change: Line["changes"][number]): readonly (string | null)[] {
  const { number, kind, id, before, after } = change;
  const owners = [change.project_id, change.owner_project_id, change.account_id];
  return [
    String(number),
    kind,
    id,
    ...owners,
    before && JSON.stringify(before),
    after && JSON.stringify(after),
  ];
}
