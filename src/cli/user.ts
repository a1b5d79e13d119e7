import type { Command } from "commander";
import { changeCommand, readCommand, connect, repeated } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { findAccount, findUser, listUsers } from "./find.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import type { User } from "./wire.ts";

const users = ["postern", "v1", "users"];
const allow = "let the user do one thing besides, such as css:VPCEndpoint:listConnection (repeatable)";
const roleHelp = "administrator, reader or custom";

interface Rights {
  readonly role?: string;
  readonly allow?: readonly string[];
}

interface NewUser extends Rights {
  readonly account?: string;
}

/** Adds `postern user create|list|set|reset-password|delete`. */
export function addUserCommands(program: Command, io: CliIo): void {
  const user = program.command("user").description("users of this account and what they may do");
  changeCommand(user, "create <name>", "create a user and print his password")
    .option("--role <role>", `${roleHelp} (default: reader)`)
    .option("--allow <action>", allow, repeated(String))
    .option("--account <account>", "the account, by name or id (operators only; default: one's own)")
    .action(async (name: string, options: NewUser, command: Command) =>
      create(connect(io, command), name, options),
    );
  readCommand(user, "list", "list the users").action(async (_options: object, command: Command) =>
    list(connect(io, command)),
  );
  changeCommand(user, "set <user>", "change what a user may do")
    .option("--role <role>", roleHelp)
    .option("--allow <action>", `${allow}; replaces what was allowed`, repeated(String))
    .action(async (reference: string, options: Rights, command: Command) => {
      const context = connect(io, command);
      const changed = await change(context, reference, bodyOf(options));
      if (!context.out.isJson) context.out.line(`User ${changed.name} is ${describe(changed)} now.`);
    });
  changeCommand(user, "reset-password <user>", "print a new password and end what was signed in").action(
    async (reference: string, _options: object, command: Command) => {
      const context = connect(io, command);
      const changed = await change(context, reference, { reset_password: true });
      if (!context.out.isJson) showPassword(context, changed);
    },
  );
  changeCommand(user, "delete <user>", "delete a user with his keys and tokens").action(
    async (reference: string, _options: object, command: Command) => remove(connect(io, command), reference),
  );
}

async function create(context: CommandContext, name: string, options: NewUser): Promise<void> {
  const { api, out } = context;
  const account = options.account === undefined ? undefined : await findAccount(api, options.account);
  const { body } = await api.request<User>("POST", users, {
    body: { name, ...bodyOf(options), ...(account && { account_id: account.id }) },
  });
  if (out.isJson) out.json(body);
  else showPassword(context, body);
}

async function list({ api, out }: CommandContext): Promise<void> {
  const found = await listUsers(api);
  if (out.isJson) {
    out.json({ users: found, total_count: found.length });
    return;
  }
  const rows = found.map((one) => [one.name, one.id, one.role, one.actions.join(" "), one.created_at]);
  out.line(renderTable(["NAME", "ID", "ROLE", "ALLOWED BESIDES", "CREATED"], rows));
}

async function change({ api, out }: CommandContext, reference: string, body: object): Promise<User> {
  const { id } = await findUser(api, reference);
  const answer = await api.request<User>("PUT", [...users, id], { body });
  if (out.isJson) out.json(answer.body);
  return answer.body;
}

async function remove({ api, out }: CommandContext, reference: string): Promise<void> {
  const { id, name } = await findUser(api, reference);
  await api.request("DELETE", [...users, id]);
  if (out.isJson) out.json({ id });
  else out.line(`User ${name} is deleted, with all keys and tokens.`);
}

function bodyOf(options: Rights): object {
  return {
    ...(options.role !== undefined && { role: options.role }),
    ...(options.allow !== undefined && { actions: options.allow }),
  };
}

function describe({ role, actions }: User): string {
  return actions.length === 0 ? role : `${role} and may ${actions.join(", ")}`;
}

function showPassword({ out }: CommandContext, user: User): void {
  out.line(
    renderFields([
      ["User", user.name],
      ["User id", user.id],
      ["Role", user.role],
      ["Password", user.password],
    ]),
  );
  out.note("Store the password now: it is not shown again.");
}
