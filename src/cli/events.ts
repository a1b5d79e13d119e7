import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import { readCommand, connect, integer, type CommandContext } from "./command.ts";
import { EventReader, type StreamEvent } from "./event-stream.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import { parseTime } from "./time.ts";
import type { EventList, PosternEvent } from "./wire.ts";

interface EventsOptions {
  readonly follow?: true;
  readonly from?: string;
  readonly kinds?: string;
  readonly limit: number;
}

const againMs = 1_000;

/** Adds `postern events`. */
export function addEventsCommand(program: Command, io: CliIo): void {
  readCommand(program, "events", "list what happened, oldest first, or follow it")
    .option("--follow", "go on with what happens from now on, until Ctrl-C; comes back by itself")
    .option("--from <time>", "from this time on: 2026-05-04T13:30Z, or -2h", parseTime)
    .option("--kinds <kinds>", "only these, with commas between: connection.pending,node.down")
    .option("--limit <n>", "list at most n, the newest of them", integer(1, 1_000), 100)
    .action(async (options: EventsOptions, command: Command) => {
      const context = connect(io, command);
      const query = queryOf(options);
      if (options.follow) await follow(context, query);
      else await list(context, query, options.limit);
    });
}

type Query = Readonly<Record<string, string>>;

function queryOf({ from, kinds }: EventsOptions): Query {
  return {
    ...(from === undefined ? {} : { from }),
    ...(kinds === undefined ? {} : { kinds }),
  };
}

async function list({ api, out }: CommandContext, query: Query, last: number): Promise<void> {
  const { events, next_after } = await api.get<EventList>(api.own("events"), { ...query, last });
  if (out.isJson) {
    out.json({ events, next_after });
    return;
  }
  if (events.length === 0) out.line("Nothing happened that is kept.");
  else {
    const rows = events.map((event) => [event.timestamp, event.type, event.resource, detailOf(event)]);
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
