import type { DatabaseSync, StatementSync } from "node:sqlite";
import { digestOf, linkOf, sealOf, type ChainMark, type StoredChange } from "../domain/audit-chain.ts";
import type { AuditFault, AuditVerdict } from "../domain/audit-log.ts";
import type { AuditEvent } from "../domain/audit.ts";
import type { Authenticate } from "../lib/authenticator.ts";

/** Events that are looked at in one turn of the event loop. */
const sliceLength = 200;

/** A place in the chain up to which it fits. */
interface Position {
  readonly seq: number;
  readonly hash: string;
}

type Marks = Readonly<Record<ChainMark["name"], ChainMark>>;

/** Thrown by the first thing that does not fit. */
class Misfit extends Error {
  readonly seq: number;

  constructor(seq: number, reason: string) {
    super(reason);
    this.seq = seq;
  }
}

/** Finds the first place where the audit trail is not as it was written. */
export class AuditVerifier {
  readonly #authenticate: Authenticate;
  readonly #marks: StatementSync;
  readonly #event: StatementSync;
  readonly #changes: StatementSync;
  readonly #strays: StatementSync;

  constructor(database: DatabaseSync, authenticate: Authenticate) {
    this.#authenticate = authenticate;
    this.#marks = database.prepare(
      `select ${asBytes("name")}, seq, at, ${asBytes("hash")}, ${asBytes("seal")} from audit_chain`,
    );
    this.#event = database.prepare(
      `select seq, revision, at, ${asBytes("actor")}, ${asBytes("account_id", "accountId")}, ` +
        `${asBytes("project_id", "projectId")}, ${asBytes("source")}, ${asBytes("action")}, ${asBytes("resource")}, ` +
        `${asBytes("request_id", "requestId")}, ${asBytes("hash")} from audit_event where seq = ?`,
    );
    this.#changes = database.prepare(
      `select id, ${asBytes("kind")}, ${asBytes("resource_id", "resourceId")}, ${asBytes("project_id", "projectId")}, ` +
        `${asBytes("owner_project_id", "ownerProjectId")}, ${asBytes("account_id", "accountId")}, ` +
        `${asBytes("before")}, ${asBytes("after")} from audit_change where seq = ? order by id`,
    );
    const outside = "where seq > :head or seq <= :anchor limit 1";
    this.#strays = database.prepare(
      `select 1 from audit_event ${outside.replace(" limit 1", "")} union all ` +
        `select 1 from audit_change ${outside}`,
    );
  }

  /** @param exclusive runs work while no transaction is open on the connection */
  async verify(exclusive: <Result>(work: () => Result) => Promise<Result>): Promise<AuditVerdict> {
    const found = { count: 0, first: null as number | null, at: null as Position | null };
    let marks: Marks | null = null;
    try {
      marks = await exclusive(() => this.#readMarks());
      found.at = marks.anchor;
      for (let isDone = false; !isDone;) {
        isDone = await exclusive(() => this.#walk(found));
      }
      return verdict(marks, found, null);
    } catch (error) {
      if (error instanceof Misfit) return verdict(marks, found, { seq: error.seq, reason: error.message });
      throw error;
    }
  }

  /** @returns whether the end is reached, and fits */
  #walk(found: { count: number; first: number | null; at: Position | null }): boolean {
    const { anchor, head } = this.#readMarks();
    // Retention may have gone on meanwhile.
    let at: Position = found.at && found.at.seq > anchor.seq ? found.at : anchor;
    for (let left = sliceLength; left > 0 && at.seq < head.seq; left -= 1) {
      at = this.#step(at);
      found.first ??= at.seq;
      found.count += 1;
      found.at = at;
    }
    if (at.seq < head.seq) return false;
    if (at.seq !== head.seq || at.hash !== head.hash) {
      throw new Misfit(at.seq, "The trail's head says that it ends elsewhere, or with another entry.");
    }
    if (this.#strays.get({ head: head.seq, anchor: anchor.seq })) {
      throw new Misfit(head.seq + 1, "There are entries or changes outside of what the chain holds.");
    }
    return true;
  }

  #step({ seq: last, hash: previous }: Position): Position {
    const seq = last + 1;
    const [event, changes] = readable(seq, () => {
      const row = this.#event.get(seq);
      return [row && decode(row), this.#changes.all(seq).map(decode)] as const;
    });
    if (!event) throw new Misfit(seq, "The entry is missing.");
    const { hash, ...content } = event as unknown as AuditEvent & { readonly hash: string };
    const digest = digestOf(content, changes as unknown as readonly StoredChange[]);
    if (hash !== linkOf(this.#authenticate, previous, digest)) {
      throw new Misfit(
        seq,
        "The entry, one of its changes or its place in the chain is not what was written.",
      );
    }
    return { seq, hash };
  }

  #readMarks(): Marks {
    const rows = readable(0, () => this.#marks.all().map(decode)) as unknown as (ChainMark & {
      seal: string;
    })[];
    const byName: Partial<Record<string, ChainMark>> = {};
    for (const { seal, ...mark } of rows) {
      if (seal !== sealOf(this.#authenticate, mark)) {
        throw new Misfit(
          Math.max(mark.seq, 0),
          `The trail's ${mark.name} is not what was written, or the key is not the one of then.`,
        );
      }
      byName[mark.name] = mark;
    }
    const { anchor, origin, head } = byName;
    if (!anchor || !origin || !head)
      throw new Misfit(0, "The trail has lost its anchor, its origin or its head.");
    return { anchor, origin, head };
  }
}

/** Text is read byte for byte: two broken texts may look alike. */
function asBytes(column: string, name = column): string {
  return `cast(${column} as blob) as ${name}`;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const decoded = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? decoder.decode(value) : value,
  ]);
  return Object.fromEntries(decoded) as Record<string, unknown>;
}

/** Numbers beyond what numbers can be, and what is no text, are misfits too. */
function readable<Result>(seq: number, read: () => Result): Result {
  try {
    return read();
  } catch {
    throw new Misfit(seq, "What is there cannot be read: it is not what was written.");
  }
}

function verdict(
  marks: Marks | null,
  {
    count,
    first,
    at,
  }: { readonly count: number; readonly first: number | null; readonly at: Position | null },
  fault: AuditFault | null,
): AuditVerdict {
  return {
    count,
    firstSeq: first,
    lastSeq: count === 0 ? null : (at?.seq ?? null),
    lastHash: count === 0 ? null : (at?.hash ?? null),
    beganAt: marks?.origin.at ?? null,
    beganAfterSeq: marks?.origin.seq ?? null,
    trimmedUpToSeq: marks?.anchor.seq ?? null,
    fault,
  };
}
