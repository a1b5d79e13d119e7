import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { CliError, UsageError } from "./cli-error.ts";
import { apiCommand, connect, integer, type CommandContext } from "./command.ts";
import { EventReader, type StreamEvent } from "./event-stream.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import type { EventList, PosternEvent } from "./wire.ts";

interface EventsOptions {
  readonly follow?: true;
  readonly since?: string;
  readonly kinds?: string;
  readonly limit: number;
}

const pageSize = 1_000;
const againMs = 1_000;
const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Adds `postern events`. */
export function addEventsCommand(program: Command, io: CliIo): void {
  apiCommand(program, "events", "list what happened, oldest first, or follow it")
    .option("--follow", "go on with what happens from now on, until Ctrl-C; comes back by itself")
    .option("--since <time>", "begin there: 2026-01-02T03:04:05Z, or -15m, -2h, -7d ago")
    .option("--kinds <kinds>", "only these, with commas between: connection.pending,node.down")
    .option("--limit <n>", "most events to list: the newest of them", integer(1, 10_000), 100)
    .action(async (options: EventsOptions, command: Command) => {
      const context = connect(io, command);
      const query = queryOf(options);
      if (options.follow) await follow(context, query);
      else await list(context, query, options.limit);
    });
}

type Query = Readonly<Record<string, string>>;

function queryOf({ since, kinds }: EventsOptions): Query {
  return {
    ...(since === undefined ? {} : { since: readTime(since) }),
    ...(kinds === undefined ? {} : { kinds }),
  };
}

/** @throws UsageError */
export function readTime(text: string, now: number = Date.now()): string {
  const ago = /^-(\d{1,6})([smhd])$/.exec(text);
  const unit = ago?.[2] as keyof typeof unitsMs | undefined;
  if (unit) return new Date(now - Number(ago?.[1]) * unitsMs[unit]).toISOString();
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return new Date(time).toISOString();
  throw new UsageError(
    `"${text}" is no time.`,
    "Give one as 2026-01-02T03:04:05Z, or how long ago: -30s, -15m, -2h, -7d.",
  );
}

async function list({ api, out }: CommandContext, query: Query, limit: number): Promise<void> {
  const newest: PosternEvent[] = [];
  let page = await api.get<EventList>(api.own("events"), { ...query, limit: pageSize });
  newest.push(...page.events);
  while (page.has_more) {
    const { since: _since, ...rest } = query;
    page = await api.get<EventList>(api.own("events"), { ...rest, after: page.next_after, limit: pageSize });
    newest.push(...page.events);
    newest.splice(0, newest.length - limit);
  }
  newest.splice(0, newest.length - limit);
  if (out.isJson) {
    out.json({ events: newest, next_after: page.next_after });
    return;
  }
  if (newest.length === 0) out.line("Nothing happened that is kept.");
  else {
    const rows = newest.map((event) => [event.timestamp, event.type, event.resource, detailOf(event)]);
    out.line(renderTable(["TIME", "EVENT", "RESOURCE", "DETAIL"], rows));
  }
}

/** A line an event. A stream that ends is taken up where it ended; who is refused hears of it. */
async function follow({ api, out, io }: CommandContext, query: Query): Promise<void> {
  const reader = new EventReader(null);
  for (;;) {
    try {
      for await (const piece of api.follow(api.own("events"), query, reader.lastId))
        for (const event of reader.take(piece)) show(event);
    } catch (error) {
      const isLost = error instanceof CliError && !("status" in error);
      const hasBegun = reader.lastId !== null;
      if (!isLost || !hasBegun) throw error;
    }
    if (io.isTerminal) out.note("The connection has ended; taking it up again ...");
    await delay(againMs);
  }

  function show({ event, data }: StreamEvent): void {
    if (event === "reset") out.warn("Some events are not kept any more: look at everything anew.");
    else if (out.isJson) io.stdout.write(`${data}\n`);
    else {
      const told = JSON.parse(data) as PosternEvent;
      out.line([told.timestamp, told.type, told.resource, detailOf(told)].join("  "));
    }
  }
}

/** What a person wants to know of it beside what it is about. */
function detailOf({ data }: PosternEvent): string {
  const hidden = /(?:^|_)id$/;
  return Object.entries(data)
    .filter(([key]) => !hidden.test(key))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
