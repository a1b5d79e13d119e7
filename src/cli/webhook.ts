import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import { changeCommand, readCommand, connect, parseId, type CommandContext } from "./command.ts";
import { requireConfirmation } from "./confirm.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import type { Webhook, WebhookDelivery, WebhookTest } from "./wire.ts";

/** Adds `postern webhook add|list|show|test|delete|pending|dead|retry`. */
export function addWebhookCommands(program: Command, io: CliIo): void {
  const webhook = program.command("webhook").description("tell other programs of events over HTTP");
  changeCommand(webhook, "add", "send events to a URL, signed; prints the secret, once")
    .argument("<url>", "http or https, on the public Internet unless the operator allows more")
    .option("--kinds <kinds>", "only these, with commas between: connection.pending,node.down")
    .option("--description <text>", "for people")
    .action(async (url: string, options: AddOptions, command: Command) =>
      add(connect(io, command), url, options),
    );
  readCommand(webhook, "list", "list the webhooks of the project").action(
    async (_options: object, command: Command) => list(connect(io, command)),
  );
  const reading = (name: string, description: string): Command =>
    withId(readCommand(webhook, name, description));
  const changing = (name: string, description: string): Command =>
    withId(changeCommand(webhook, name, description));
  reading("show", "show a webhook").action(async (id: string, _options: object, command: Command) =>
    show(connect(io, command), id),
  );
  changing("test", "send a test message now").action(async (id: string, _options: object, command: Command) =>
    test(connect(io, command), id),
  );
  changing("delete", "end a webhook; what is on its way to it is forgotten")
    .option("--yes", "do not ask")
    .action(async (id: string, options: { readonly yes?: true }, command: Command) =>
      remove(connect(io, command), id, options.yes === true),
    );
  reading("pending", "list what is on its way").action(
    async (id: string, _options: object, command: Command) => deliveries(connect(io, command), id, "pending"),
  );
  reading("dead", "list what did not arrive within a day").action(
    async (id: string, _options: object, command: Command) => deliveries(connect(io, command), id, "dead"),
  );
  changing("retry", "send what died once more: one delivery, or all of them")
    .argument("[delivery]", "id of the delivery; all that are dead without it", parseId)
    .action(async (id: string, delivery: string | undefined, _options: object, command: Command) =>
      retry(connect(io, command), id, delivery),
    );
}

function withId(command: Command): Command {
  return command.argument("<id>", "id of the webhook", parseId);
}

interface AddOptions {
  readonly kinds?: string;
  readonly description?: string;
}

async function add({ api, out }: CommandContext, url: string, options: AddOptions): Promise<void> {
  const { kinds, description } = options;
  const wish = {
    url,
    ...(kinds === undefined ? {} : { kinds: kinds.split(",") }),
    ...(description === undefined ? {} : { description }),
  };
  const { body } = await api.request<Webhook & { readonly secret: string }>("POST", api.own("webhooks"), {
    body: wish,
  });
  if (out.isJson) {
    out.json(body);
    return;
  }
  out.line(renderFields([...fieldsOf(body), ["Secret", body.secret]]));
  out.note(`The secret is not shown again. Try it with: postern webhook test ${body.id}`);
}

async function list({ api, out }: CommandContext): Promise<void> {
  const body = await api.get<{ readonly webhooks: readonly Webhook[] }>(api.own("webhooks"));
  if (out.isJson) out.json(body);
  else if (body.webhooks.length === 0)
    out.line("There is no webhook. Make one with: postern webhook add URL");
  else {
    const rows = body.webhooks.map(({ id, url, kinds, enabled, description }) => [
      id,
      url,
      kinds.join(",") || "all",
      enabled ? "yes" : "no",
      description,
    ]);
    out.line(renderTable(["ID", "URL", "KINDS", "ENABLED", "DESCRIPTION"], rows));
  }
}

async function show({ api, out }: CommandContext, id: string): Promise<void> {
  const body = await api.get<Webhook>(api.own("webhooks", id));
  if (out.isJson) out.json(body);
  else out.line(renderFields(fieldsOf(body)));
}

async function test({ api, out }: CommandContext, id: string): Promise<void> {
  const { body } = await api.request<WebhookTest>("POST", api.own("webhooks", id, "test"));
  if (out.isJson) out.json(body);
  else if (body.delivered) out.line(`It arrived: HTTP ${body.status} after ${body.duration_ms} ms.`);
  if (body.delivered) return;
  throw new CliError(
    `The test message did not arrive: ${body.problem ?? "no reason is known"}.`,
    "Check that the receiver runs, and answers with a status from 200 to 299 within 10 s.",
  );
}

async function remove(context: CommandContext, id: string, isConfirmed: boolean): Promise<void> {
  const { api, out } = context;
  const { url } = await api.get<Webhook>(api.own("webhooks", id));
  await requireConfirmation(
    context,
    `webhook ${id}`,
    isConfirmed,
    () => `${url} will be told of nothing more, and what is on its way to it is forgotten.`,
  );
  await api.request("DELETE", api.own("webhooks", id));
  if (out.isJson) out.json({ id });
  else out.line(`Webhook ${id} is deleted.`);
}

async function deliveries(
  { api, out }: CommandContext,
  id: string,
  status: WebhookDelivery["status"],
): Promise<void> {
  const body = await api.get<DeliveryList>(api.own("webhooks", id, "deliveries"), { status, limit: 1_000 });
  if (out.isJson) out.json(body);
  else if (body.total_count === 0)
    out.line(status === "dead" ? "Nothing has died." : "Nothing is on its way.");
  else {
    const rows = body.deliveries.map((one) => [
      one.id,
      one.kind,
      one.resource,
      one.failures,
      one.next_attempt_at,
      one.problem,
    ]);
    out.line(renderTable(["ID", "EVENT", "RESOURCE", "FAILURES", "NEXT", "PROBLEM"], rows));
    if (body.total_count > rows.length) out.note(`These are the oldest of ${body.total_count}.`);
  }
}

interface DeliveryList {
  readonly deliveries: readonly WebhookDelivery[];
  readonly total_count: number;
}

async function retry({ api, out }: CommandContext, id: string, delivery: string | undefined): Promise<void> {
  const path = api.own("webhooks", id, "deliveries");
  const dead = async (): Promise<readonly string[]> =>
    (await api.get<DeliveryList>(path, { status: "dead", limit: 1_000 })).deliveries.map((one) => one.id);
  const ids = delivery === undefined ? await dead() : [delivery];
  for (const one of ids) await api.request("POST", [...path, one, "retry"]);
  if (out.isJson) out.json({ retried: ids });
  else
    out.line(
      ids.length === 1 ? "1 delivery is sent once more." : `${ids.length} deliveries are sent once more.`,
    );
}

function fieldsOf({ id, url, kinds, enabled, description, created_at: createdAt }: Webhook) {
  return [
    ["Id", id],
    ["URL", url],
    ["Kinds", kinds.join(", ") || "all"],
    ["Enabled", enabled ? "yes" : "no"],
    ["Description", description],
    ["Created", createdAt],
  ] as const;
}
