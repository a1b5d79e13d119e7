import type { Command } from "commander";
import { changeCommand, readCommand, connect, parseId } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { findUser } from "./find.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import type { AccessKey, NewAccessKey } from "./wire.ts";

const keys = ["postern", "v1", "keys"];

interface WhoseOption {
  readonly user?: string;
}

/** Adds `postern key create|list|delete`. */
export function addKeyCommands(program: Command, io: CliIo): void {
  const key = program.command("key").description("access keys (AK/SK) that programs sign requests with");
  changeCommand(key, "create", "create a key; a user has two at most, so that one can replace the other")
    .option("--user <user>", "name or id of another user (default: yourself)")
    .action(async (options: WhoseOption, command: Command) => create(connect(io, command), options));
  readCommand(key, "list", "list keys without their secrets")
    .option("--user <user>", "name or id of another user (default: yourself)")
    .action(async (options: WhoseOption, command: Command) => list(connect(io, command), options));
  changeCommand(key, "delete", "delete a key: it is refused at once")
    .argument("<key>", "the access key", parseId)
    .action(async (id: string, _options: object, command: Command) => remove(connect(io, command), id));
}

async function create(context: CommandContext, options: WhoseOption): Promise<void> {
  const { api, out } = context;
  const { body } = await api.request<NewAccessKey>("POST", keys, { body: await whose(context, options) });
  if (out.isJson) {
    out.json(body);
    return;
  }
  out.line(
    renderFields([
      ["User", body.user],
      ["Access key", body.access_key],
      ["Secret key", body.secret_key],
    ]),
  );
  out.note("Store the secret key now: it is not shown again.");
}

async function list(context: CommandContext, options: WhoseOption): Promise<void> {
  const { api, out } = context;
  const { keys: found } = await api.get<{ keys: AccessKey[] }>(keys, await whose(context, options));
  if (out.isJson) {
    out.json({ keys: found, total_count: found.length });
    return;
  }
  const rows = found.map((one) => [one.id, one.user, one.created_at]);
  out.line(renderTable(["ACCESS KEY", "USER", "CREATED"], rows));
}

async function remove({ api, out }: CommandContext, id: string): Promise<void> {
  await api.request("DELETE", [...keys, id]);
  if (out.isJson) out.json({ id });
  else out.line(`Key ${id} is deleted.`);
}

async function whose({ api }: CommandContext, { user }: WhoseOption): Promise<Record<string, string>> {
  return user === undefined ? {} : { user_id: (await findUser(api, user)).id };
}
