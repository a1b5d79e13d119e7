import type { Command } from "commander";
import { addressText } from "./address-text.ts";
import { changeCommand, readCommand, connect, integer, parseId } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { describeEffect, warnIfPending } from "./effect.ts";
import { groupByCluster } from "./find-connections.ts";
import type { CliIo } from "./io.ts";
import { placeOf } from "./place.ts";
import type { PlaceOptions } from "./place.ts";
import { endpointFailed } from "./service.ts";
import { renderFields, renderTable } from "./table.ts";
import type { Endpoint } from "./wire.ts";

interface CreateOptions extends PlaceOptions {
  readonly ip?: string;
  readonly dualStack?: boolean;
  readonly ip6?: string;
  readonly maxSession?: number;
  readonly description?: string;
}

interface CapOptions {
  readonly cluster?: string;
  readonly rate?: number | "none";
  readonly bandwidth?: number | "none";
}

const maxSessionLimit = 1_000_000;

/** Adds `postern endpoint create|list|delete|cap`. */
export function addEndpointCommands(program: Command, io: CliIo): void {
  const endpoint = program.command("endpoint").description("endpoints through which you reach a cluster");
  changeCommand(endpoint, "create", "create an endpoint of a service in one of your VPCs")
    .argument("<service>", "service name that its owner gave you, or a cluster of your own")
    .option("--vpc <vpc>", "name or id of the VPC (default: the server's choice)")
    .option("--subnet <subnet>", "name or id of a subnet of that VPC")
    .option("--ip <address>", "a free address of the subnet")
    .option("--dual-stack", "an IPv6 address too: of professional services, in networks with IPv6")
    .option("--ip6 <address>", "a free IPv6 address of the subnet, with --dual-stack")
    .option("--max-session <n>", "most sessions at once", integer(1, maxSessionLimit))
    .option("--description <text>", "for people")
    .action(async (service: string, options: CreateOptions, command: Command) =>
      create(connect(io, command), service, options),
    );
  readCommand(endpoint, "list", "list the endpoints of this project").action(
    async (_options: object, command: Command) => list(connect(io, command)),
  );
  changeCommand(endpoint, "delete", "delete an endpoint and cut its sessions")
    .argument("<id>", "id of the endpoint", parseId)
    .action(async (id: string, _options: object, command: Command) => remove(connect(io, command), id));
  changeCommand(endpoint, "cap", "set how many sessions an endpoint of your cluster may hold")
    .argument("<id>", "id of the endpoint", parseId)
    .argument("<n>", "most sessions at once", integer(1, maxSessionLimit))
    .option("--rate <n>", "most new sessions a second, or none", limit(1, 1_000_000))
    .option("--bandwidth <n>", "most bytes a second, both directions together, or none", limit(10_000, 1e12))
    .option("--cluster <cluster>", "the cluster it is connected to (default: look through all)")
    .action(async (id: string, count: number, options: CapOptions, command: Command) =>
      cap(connect(io, command), id, count, options),
    );
}

async function create(context: CommandContext, service: string, options: CreateOptions): Promise<void> {
  const { api, out } = context;
  const body = {
    service,
    ...(await placeOf(api, options)),
    ...(options.ip !== undefined && { ip: options.ip }),
    ...(options.dualStack === true && { dual_stack: true }),
    ...(options.ip6 !== undefined && { ip6: options.ip6 }),
    ...(options.maxSession !== undefined && { max_session: options.maxSession }),
    ...(options.description !== undefined && { description: options.description }),
  };
  const answer = await api.request<Endpoint>("POST", api.own("endpoints"), { body });
  const endpoint = answer.body;
  if (out.isJson) out.json(endpoint);
  else out.line(renderFields(endpointFields(endpoint)));
  warnIfPending(out, answer);
  if (endpoint.status === "failed") throw endpointFailed(endpoint);
  if (endpoint.note !== undefined) out.note(endpoint.note);
  if (endpoint.status === "pendingAcceptance") {
    out.note(`It carries nothing until the service's owner accepts it: postern accept ${endpoint.id}`);
  }
}

function endpointFields(endpoint: Endpoint): (readonly [string, string | number])[] {
  return [
    ["Endpoint", endpoint.id],
    ["Status", endpoint.status],
    ["Address", addressText(endpoint)],
    ["Sessions", `${endpoint.sessions}/${endpoint.max_session}`],
    ["Service", endpoint.service_name],
  ];
}

async function list({ api, out }: CommandContext): Promise<void> {
  const endpoints = await api.list<Endpoint>(api.own("endpoints"), "endpoints");
  if (out.isJson) {
    out.json({ endpoints, total_count: endpoints.length });
  } else if (endpoints.length === 0) {
    out.line("This project has no endpoint yet.\nCreate one with: postern endpoint create SERVICE_NAME");
  } else {
    const rows = endpoints.map((endpoint) => [
      endpoint.id,
      endpoint.status,
      addressText(endpoint),
      `${endpoint.sessions}/${endpoint.max_session}`,
      refusalsOf(endpoint),
      endpoint.service_name,
    ]);
    out.line(renderTable(["ID", "STATUS", "ADDRESS", "SESSIONS", "REFUSED", "SERVICE"], rows));
    for (const { ip, port, error, note } of endpoints) {
      if (note !== undefined) out.note(`${ip}:${port}: ${note}`);
      if (error !== undefined) out.note(`${ip}:${port} is not up: ${error.message} (${error.code})`);
    }
  }
}

function refusalsOf({ refusals = {} }: Endpoint): string {
  return Object.entries(refusals)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(", ");
}

async function remove({ api, out }: CommandContext, id: string): Promise<void> {
  const answer = await api.request("DELETE", api.own("endpoints", id));
  if (out.isJson) out.json({ id, severed: answer.severed, enforced: answer.enforced });
  else out.line(`Endpoint ${id} is deleted: ${describeEffect(answer)}`);
  warnIfPending(out, answer);
}

async function cap(
  { api, out }: CommandContext,
  id: string,
  count: number,
  { cluster: reference, rate, bandwidth }: CapOptions,
): Promise<void> {
  const body = {
    max_session: count,
    ...(rate !== undefined && { max_connection_rate: rate === "none" ? null : rate }),
    ...(bandwidth !== undefined && { max_bandwidth: bandwidth === "none" ? null : bandwidth }),
  };
  for (const cluster of (await groupByCluster(api, [id], reference)).keys()) {
    const path = api.own("clusters", cluster.id, "connections", id);
    const answer = await api.request<Endpoint>("PUT", path, { body });
    if (out.isJson) out.json(answer.body);
    else {
      out.line(
        `Endpoint ${id} may now hold ${answer.body.max_session} sessions; those above that may finish.`,
      );
      const { max_connection_rate: sessions, max_bandwidth: bytes } = answer.body;
      if (sessions !== undefined) out.line(`It gets at most ${sessions} new sessions a second.`);
      if (bytes !== undefined) out.line(`It carries at most ${bytes} bytes a second.`);
    }
    warnIfPending(out, answer);
  }
}

/** Returns a parser of a limit that can be taken away: a whole number, or none. */
function limit(minimum: number, maximum: number): (text: string) => number | "none" {
  const parse = integer(minimum, maximum);
  return (text) => (text === "none" ? text : parse(text));
}
