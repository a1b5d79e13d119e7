import type { Command } from "commander";
import { requireConfirmation } from "./confirm.ts";
import { changeCommand, readCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { findAccount, findProject, listProjects } from "./find.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import type { Account, Credentials, Project } from "./wire.ts";

const accounts = ["postern", "v1", "accounts"];

/** Adds `postern account create|list|delete`, for operators. */
export function addAccountCommands(program: Command, io: CliIo): void {
  const account = program.command("account").description("accounts of this installation (operators only)");
  changeCommand(account, "create <name>", "create an account with a project, an administrator and a key")
    .option("--project <name>", "name of its project (default: the region)")
    .action(async (name: string, options: { project?: string }, command: Command) =>
      createAccount(connect(io, command), name, options.project),
    );
  readCommand(account, "list", "list all accounts").action(async (_options: object, command: Command) =>
    listAccounts(connect(io, command)),
  );
  changeCommand(account, "delete <account>", "delete an empty account with its users, keys and tokens")
    .option("--yes", "do not ask")
    .action(async (reference: string, options: { yes?: true }, command: Command) =>
      removeAccount(connect(io, command), reference, options.yes === true),
    );
}

/** Adds `postern project create|list|delete`. */
export function addProjectCommands(program: Command, io: CliIo): void {
  const project = program.command("project").description("projects of this account");
  changeCommand(project, "create <name>", "create a project with a default VPC").action(
    async (name: string, _options: object, command: Command) => createProject(connect(io, command), name),
  );
  readCommand(project, "list", "list the projects").action(async (_options: object, command: Command) =>
    printProjects(connect(io, command)),
  );
  changeCommand(project, "delete <project>", "delete an empty project")
    .option("--yes", "do not ask")
    .action(async (reference: string, options: { yes?: true }, command: Command) =>
      removeProject(connect(io, command), reference, options.yes === true),
    );
}

async function createAccount({ api, out }: CommandContext, name: string, project?: string): Promise<void> {
  const body = { name, ...(project !== undefined && { project_name: project }) };
  const { body: made } = await api.request<Credentials>("POST", accounts, { body });
  if (out.isJson) {
    out.json(made);
    return;
  }
  out.line(
    renderFields([
      ["Account", name],
      ["Account id", made.account_id],
      ["Project id", made.project_id],
      ["User", made.user],
      ["Password", made.password],
      ["Access key", made.access_key],
      ["Secret key", made.secret_key],
      ["Token", made.token],
    ]),
  );
  out.note("Store these credentials now: they are not shown again.");
}

async function listAccounts({ api, out }: CommandContext): Promise<void> {
  const found = await api.list<Account>(accounts, "accounts");
  if (out.isJson) out.json({ accounts: found, total_count: found.length });
  else {
    out.line(
      renderTable(
        ["NAME", "ID", "CREATED"],
        found.map((one) => [one.name, one.id, one.created_at]),
      ),
    );
  }
}

async function createProject({ api, out }: CommandContext, name: string): Promise<void> {
  const { body } = await api.request<{ project: Project }>("POST", ["v3", "projects"], {
    body: { project: { name } },
  });
  if (out.isJson) out.json(body.project);
  else out.line(`Created project ${body.project.name} as ${body.project.id}.`);
}

async function printProjects({ api, out }: CommandContext): Promise<void> {
  const projects = await listProjects(api);
  if (out.isJson) out.json({ projects, total_count: projects.length });
  else {
    out.line(
      renderTable(
        ["NAME", "ID"],
        projects.map((one) => [one.name, one.id]),
      ),
    );
  }
}

async function removeAccount(
  context: CommandContext,
  reference: string,
  isConfirmed: boolean,
): Promise<void> {
  const account = await findAccount(context.api, reference);
  const warning =
    `This deletes the account ${account.name} (${account.id}) with all its projects, users, keys and tokens. ` +
    "It cannot be undone. It is refused while the account has clusters, networks or endpoints.";
  await requireConfirmation(context, account.name, isConfirmed, () => warning);
  await context.api.request("DELETE", [...accounts, account.id]);
  if (context.out.isJson) context.out.json({ id: account.id });
  else context.out.line(`Account ${account.name} is deleted, with all users, keys and tokens.`);
}

async function removeProject(
  context: CommandContext,
  reference: string,
  isConfirmed: boolean,
): Promise<void> {
  const project = await findProject(context.api, reference);
  const warning =
    `This deletes the project ${project.name} (${project.id}) and ends the tokens that are good for it. ` +
    "It cannot be undone. It is refused while the project has clusters, networks or endpoints.";
  await requireConfirmation(context, project.name, isConfirmed, () => warning);
  await context.api.request("DELETE", ["postern", "v1", "projects", project.id]);
  if (context.out.isJson) context.out.json({ id: project.id });
  else context.out.line(`Project ${project.name} is deleted.`);
}
