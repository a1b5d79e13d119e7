import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { readCommand, connect, type CommandContext } from "./command.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import { endpointColumns } from "./top/columns.ts";
import { LiveTop } from "./top/live.ts";
import { rowsOf, type EndpointRow, type Sample } from "./top/sample.ts";
import { findTopSource, type TopSource } from "./top/source.ts";

interface TopOptions {
  readonly once?: true;
  readonly consumer?: true;
}

/** Gateways report every second: two samples of less would say nothing. */
const betweenSamplesMs = 1_100;

/** Adds `postern top`. */
export function addTopCommand(program: Command, io: CliIo): void {
  readCommand(program, "top", "watch endpoints, their sessions and what they carry")
    .argument("[cluster]", "name or id of the cluster (default: the only one, else your own endpoints)")
    .option("--consumer", "your own endpoints, of whatever cluster they are")
    .option("--once", "print one table and end, as without a terminal")
    .action(async (reference: string | undefined, options: TopOptions, command: Command) => {
      const context = connect(io, command, true);
      const source = await findTopSource(context.api, reference, options.consumer === true);
      const isPlain = options.once === true || context.out.isJson || !io.terminal;
      if (isPlain || !io.terminal) await printOnce(context, source);
      else await new LiveTop(source, io.terminal).run();
    });
}

async function printOnce({ out }: CommandContext, source: TopSource): Promise<void> {
  const sample = async (): Promise<Sample> => {
    const endpoints = await source.endpoints();
    return { at: performance.now(), endpoints };
  };
  const first = await sample();
  await delay(betweenSamplesMs);
  const rows = rowsOf([first, await sample()]);
  if (out.isJson) {
    out.json({ endpoints: rows.map(forPrograms) });
    return;
  }
  const titles = endpointColumns.map(({ title }) => title);
  const cells = rows.map((row) => endpointColumns.map(({ text }) => text(row)));
  out.line(rows.length === 0 ? "There is no endpoint." : renderTable(titles, cells));
}

function forPrograms({ endpoint, rates }: EndpointRow): object {
  const { id, ip, port, status, sessions, max_session: most } = endpoint;
  return {
    id,
    ip,
    port,
    status,
    sessions,
    max_session: most,
    new_sessions_per_second: rates?.newSessions ?? null,
    bytes_in_per_second: rates?.bytesIn ?? null,
    bytes_out_per_second: rates?.bytesOut ?? null,
    refusals_per_second: rates ? Object.fromEntries(rates.refusals) : null,
  };
}
