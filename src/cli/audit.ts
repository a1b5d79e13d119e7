import type { Command } from "commander";
import { readClaims, type LineClaim } from "./audit-file.ts";
import { CliError } from "./cli-error.ts";
import { clusterArgument, readCommand, connect, integer, type CommandContext } from "./command.ts";
import { findCluster, isId } from "./find.ts";
import type { CliIo } from "./io.ts";
import { printable } from "./output.ts";
import { renderTable } from "./table.ts";
import { parseTime } from "./time.ts";

const wholeTrail = ["postern", "v1", "audit"];
const claimsAtOnce = 2_000;
const changesShown = 3;

interface SpanOptions {
  readonly from?: string;
  readonly to?: string;
  readonly allProjects?: true;
}

interface ListOptions extends SpanOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly cluster?: string;
  readonly at?: string;
  readonly limit: number;
}

interface AccessOptions {
  readonly at?: string;
}

interface Change {
  readonly resource: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

interface AuditEvent {
  readonly seq: number;
  readonly at: string;
  readonly actor?: string;
  readonly source?: string;
  readonly action: string;
  readonly resource?: string;
  readonly changes: readonly Change[];
  readonly changes_total?: number;
}

interface Fault {
  readonly seq: number;
  readonly reason: string;
}

interface Verdict {
  readonly valid: boolean;
  readonly count: number;
  readonly first_seq: number | null;
  readonly last_seq: number | null;
  readonly last_hash: string | null;
  readonly began_at: string | null;
  readonly began_after_seq: number | null;
  readonly trimmed_up_to_seq: number | null;
  readonly fault: Fault | null;
}

interface Access {
  readonly at: string;
  readonly services: readonly { readonly name: string; readonly permissions: readonly string[] }[];
  readonly endpoints: readonly {
    readonly id: string;
    readonly account_id: string;
    readonly address: string;
    readonly max_session: number;
    readonly source_whitelist_enabled: boolean;
    readonly source_whitelist: readonly string[];
  }[];
  readonly total_count: number;
}

/** Adds `postern audit`, `postern audit verify|export|access`. */
export function addAuditCommands(program: Command, io: CliIo): void {
  const audit = withSpan(readCommand(program, "audit", "who changed what, newest first"))
    .option("--actor <id>", "of this user, gateway/ID or system")
    .option("--resource <kind/id>", "about this resource, as in endpoint/ID")
    .option("--action <name>", "of this kind, as in updateVpcepConnection")
    .option("--limit <n>", "list at most n", integer(1, 100_000), 100)
    .option("--at <time>", "instead: who could reach a cluster then; as access", parseTime)
    .option("--cluster <cluster>", "with --at: which one (default: the only one)")
    .action(async (options: ListOptions, command: Command) => {
      const context = connect(io, command);
      await (options.at === undefined
        ? listEvents(context, options)
        : printAccess(context, options.cluster, options));
    });
  readCommand(audit, "verify", "look for tampering: in the server's trail, or in an export of all projects")
    .argument("[file]", "export to look through (default: the server's own trail)")
    .action(async (file: string | undefined, _options: object, command: Command) => {
      const context = connect(io, command);
      await (file === undefined ? verifyTrail(context) : verifyFile(context, file));
    });
  withSpan(readCommand(audit, "export", "print entries as lines of JSON, oldest first")).action(
    async (options: SpanOptions, command: Command) => exportLines(connect(io, command), options, io),
  );
  readCommand(audit, "access", "who could reach a cluster then")
    .argument(...clusterArgument)
    .option("--at <time>", "when (default: now)", parseTime)
    .action(async (cluster: string | undefined, options: AccessOptions, command: Command) =>
      printAccess(connect(io, command), cluster, options),
    );
}

function withSpan(command: Command): Command {
  return command
    .option("--from <time>", "from this time on: 2026-05-04T13:30Z, or -2h", parseTime)
    .option("--to <time>", "up to this time", parseTime)
    .option("--all-projects", "of every project (operators only)");
}

async function listEvents({ api, out }: CommandContext, options: ListOptions): Promise<void> {
  const { from, to, actor, action, resource, limit, allProjects } = options;
  const filter = defined({ from, to, actor, action, resource });
  const path = allProjects ? wholeTrail : api.own("audit");
  const events: AuditEvent[] = [];
  for (let before: number | undefined; events.length < limit;) {
    const page = await api.get<{ events: AuditEvent[]; next?: number }>(path, {
      ...filter,
      ...(before === undefined ? {} : { before }),
      limit: Math.min(limit - events.length, 1_000),
    });
    events.push(...page.events);
    if (page.next === undefined) break;
    before = page.next;
  }
  if (out.isJson) out.json({ events });
  else if (events.length === 0) out.line("There are no such entries.");
  else {
    const rows = events.map((event) => [
      event.at,
      event.actor,
      event.source,
      event.action,
      subjectOf(event),
      effectOf(event),
    ]);
    out.line(renderTable(["TIME", "ACTOR", "FROM", "ACTION", "RESOURCE", "CHANGES"], rows));
  }
}

/** Of what others did, it is the reader's own resource that counts. */
function subjectOf({ resource, changes }: AuditEvent): string | undefined {
  return resource ?? changes[0]?.resource;
}

function effectOf({ changes, changes_total: total = changes.length }: AuditEvent): string {
  const shown = changes.slice(0, changesShown).map(describeChange);
  return [...shown, ...(total > shown.length ? [`and ${total - shown.length} more`] : [])].join("; ");
}

function describeChange({ resource, before, after }: Change): string {
  const kind = resource.split("/")[0] ?? resource;
  if (before === null) return `${kind} added`;
  if (after === null) return `${kind} removed`;
  const columns = Object.keys(after).map(
    (name) => `${name} ${shortly(before[name])} -> ${shortly(after[name])}`,
  );
  return `${kind} ${columns.join(", ")}`;
}

function shortly(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

async function verifyTrail({ api, out }: CommandContext): Promise<void> {
  const verdict = await api.get<Verdict>([...wholeTrail, "verify"]);
  if (out.isJson) out.json(verdict);
  if (verdict.fault)
    throw tampered(verdict.fault, "The database was changed by another hand than the server's, or damaged.");
  if (out.isJson) return;
  const { count, first_seq: first, last_seq: last, began_at: began, began_after_seq: after } = verdict;
  out.line(
    count === 0
      ? "The audit trail is empty, and whole."
      : `The audit trail is whole: ${count} entries, ${first} to ${last}.`,
  );
  const earlier =
    after === null || after === 0
      ? ""
      : ` Entries up to ${after} are older, and were chained as they were found.`;
  out.line(`Its chain began at ${began ?? "an unknown time"}.${earlier}`);
  if (verdict.last_hash !== null) out.line(`Its last link is ${verdict.last_hash}.`);
}

async function verifyFile({ api, out }: CommandContext, file: string): Promise<void> {
  let batch: LineClaim[] = [];
  let count = 0;
  const ask = async (): Promise<void> => {
    const { body } = await api.request<{ fault: Fault | null }>("POST", [...wholeTrail, "verify"], {
      body: { events: batch },
    });
    if (body.fault) throw tampered(body.fault, `${file} is not what this installation exported.`);
  };
  for await (const claim of readClaims(file)) {
    count += 1;
    batch.push(claim);
    if (batch.length < claimsAtOnce) continue;
    await ask();
    // The last one goes along again: the next has to follow it.
    batch = [claim];
  }
  if (batch.length > 0) await ask();
  if (out.isJson) out.json({ valid: true, count });
  else out.line(`${file} is whole: ${count} entries, each as this installation wrote it.`);
}

function tampered({ seq, reason }: Fault, meaning: string): CliError {
  return new CliError(
    `The audit trail does not fit from entry ${seq} on. ${reason}`,
    `${meaning} Keep a copy of it, and compare it with an export or a backup.`,
  );
}

async function exportLines(
  { api, out }: CommandContext,
  { from, to, allProjects }: SpanOptions,
  io: CliIo,
): Promise<void> {
  if (!allProjects) {
    out.note(
      "These lines cannot be verified later: links hold for whole entries, and a project sees its own part of each. " +
        "An operator exports all of them with --all-projects.",
    );
  }
  const path = allProjects ? [...wholeTrail, "export"] : api.own("audit", "export");
  for await (const line of api.lines(path, defined({ from, to }))) io.stdout.write(`${line}\n`);
}

async function printAccess(
  { api, out }: CommandContext,
  reference: string | undefined,
  { at }: AccessOptions,
): Promise<void> {
  // A cluster that is gone is found by its id alone.
  const isKnown = reference !== undefined && isId(reference);
  const id = isKnown ? reference : (await findCluster(api, reference)).id;
  const path = api.own("clusters", id, "access");
  const first = await api.get<Access>(path, { ...defined({ at }), limit: 1_000 });
  const endpoints = [...first.endpoints];
  while (endpoints.length < first.total_count) {
    const more = await api.get<Access>(path, { at: first.at, offset: endpoints.length, limit: 1_000 });
    if (more.endpoints.length === 0) break;
    endpoints.push(...more.endpoints);
  }
  if (out.isJson) {
    out.json({ ...first, endpoints });
    return;
  }
  out.line(`At ${first.at}:`);
  if (first.services.length === 0) out.line("No service was open: nobody could reach the cluster.");
  for (const { name, permissions } of first.services) {
    const admitted =
      permissions.length === 0 ? "the owner's account only" : permissions.map(printable).join(", ");
    out.line(`Service ${name} was open to ${admitted}.`);
  }
  if (first.services.length === 0) return;
  const rows = endpoints.map((one) => [
    one.id,
    one.account_id,
    one.address,
    one.max_session,
    one.source_whitelist_enabled ? one.source_whitelist.join(", ") : "any",
  ]);
  out.line(renderTable(["ENDPOINT", "ACCOUNT", "ADDRESS", "MOST SESSIONS", "SOURCES"], rows));
}

function defined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
