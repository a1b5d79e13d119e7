import { InvalidArgumentError, type Command } from "commander";
import { durationText } from "../lib/duration-text.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import { CliError } from "./cli-error.ts";
import {
  clusterArgument,
  changeCommand,
  readCommand,
  connect,
  integer,
  parseId,
  type CommandContext,
} from "./command.ts";
import { describeEffect } from "./effect.ts";
import { findCluster, listClusters } from "./find.ts";
import { listServices } from "./find-service.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import type { Session, SessionPage } from "./wire.ts";

interface ListOptions {
  readonly endpoint?: string;
  readonly sort: string;
  readonly limit: number;
}

const orders = ["age", "bytes", "idle", "source"];
/** What the API says of an endpoint that belongs to another cluster or service. */
const otherService = "CSS.0001";

/** Adds `postern sessions` and `postern kill`. */
export function addSessionCommands(program: Command, io: CliIo): void {
  readCommand(program, "sessions", "list who is connected: the sessions of a cluster, or of one endpoint")
    .argument(...clusterArgument)
    .option("--endpoint <id>", "of this endpoint, of a cluster of yours or your own", parseId)
    .option("--sort <order>", `which come first: ${orders.join(", ")}`, parseOrder, "age")
    .option("--limit <n>", "list at most n", integer(1, 1_000), 100)
    .action(async (reference: string | undefined, options: ListOptions, command: Command) =>
      list(connect(io, command), reference, options),
    );
  changeCommand(program, "kill", "end one session; its consumer may connect again")
    .argument("<endpoint>", "id of the endpoint", parseId)
    .argument("<session>", "id of the session, as postern sessions lists it", parseSession)
    .action(async (endpoint: string, session: string, _options: object, command: Command) =>
      kill(connect(io, command), endpoint, session),
    );
}

function parseOrder(text: string): string {
  if (orders.includes(text)) return text;
  throw new InvalidArgumentError(`It must be one of: ${orders.join(", ")}.`);
}

/** Anything that could change the meaning of a path is refused here. */
function parseSession(text: string): string {
  if (/^[0-9a-f.:[\]]{3,60}-\d{1,5}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be an id of a session, such as 10.0.0.7:51234-9200.");
}

async function list(
  { api, out }: CommandContext,
  reference: string | undefined,
  options: ListOptions,
): Promise<void> {
  const page = await read(api, reference, options);
  if (out.isJson) {
    out.json(page);
    return;
  }
  const { sessions, total_count: total, gateways_missing: missing = 0 } = page;
  out.line(sessions.length === 0 ? "There is no session." : tableOf(sessions));
  if (total > sessions.length) {
    out.line(`These are the first ${sessions.length} of ${total} sessions; --limit shows more.`);
  }
  if (missing > 0) {
    out.warn(`${missing} gateways did not answer: what they carry is missing. See: postern status`);
  }
}

function tableOf(sessions: readonly Session[]): string {
  const titles = ["ENDPOINT", "SESSION", "NODE", "AGE", "IDLE", "BYTES IN", "BYTES OUT", "STATE"];
  const rows = sessions.map((session) => [
    session.endpoint,
    session.id,
    session.node,
    duration(session.age_seconds),
    duration(session.idle_seconds),
    session.bytes_in,
    session.bytes_out,
    session.state,
  ]);
  return renderTable(titles, rows);
}

function duration(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : durationText(seconds);
}

async function read(
  api: ApiClient,
  reference: string | undefined,
  { endpoint, sort, limit }: ListOptions,
): Promise<SessionPage> {
  if (endpoint === undefined || reference !== undefined) {
    const { id } = await findCluster(api, reference);
    const query = { sort, limit, ...(endpoint === undefined ? {} : { endpoint }) };
    return api.get<SessionPage>(api.own("clusters", id, "sessions"), query);
  }
  // The owner sees more than the consumer, who may be the same.
  for (const { id } of await listClusters(api)) {
    const path = api.own("clusters", id, "sessions");
    const found = await unlessOther(api.get<SessionPage>(path, { endpoint, sort, limit }));
    if (found) return found;
  }
  return api.get<SessionPage>(api.own("endpoints", endpoint, "sessions"), { sort, limit });
}

async function kill({ api, out }: CommandContext, endpoint: string, session: string): Promise<void> {
  const answer = await end(api, endpoint, session);
  if (out.isJson) out.json({ endpoint, session, severed: answer.severed });
  else out.line(`Ended ${session}: ${describeEffect(answer)}`);
}

async function end(api: ApiClient, endpoint: string, session: string) {
  const own = await unlessNone(api.get(api.own("endpoints", endpoint)));
  if (own) return api.request("DELETE", api.own("endpoints", endpoint, "sessions", session));
  for (const { id } of await listServices(api)) {
    const path = api.own("services", id, "sessions", session);
    const answer = await unlessOther(api.request("DELETE", path, { query: { endpoint } }));
    if (answer) return answer;
  }
  throw new CliError(
    `This project has no endpoint ${endpoint}, and none of its services has the connection; nothing was ended.`,
    "See the ids with: postern connections CLUSTER, or postern endpoint list",
  );
}

function unlessOther<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  return unless(asked, ({ code }) => code === otherService);
}

function unlessNone<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  return unless(asked, ({ status }) => status === 404);
}

async function unless<Value>(
  asked: Promise<Value>,
  isExpected: (error: ApiError) => boolean,
): Promise<Value | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && isExpected(error)) return undefined;
    throw error;
  }
}
