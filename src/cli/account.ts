import type { Command } from "commander";
import { apiCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import type { Account, Credentials, Project } from "./wire.ts";

const accounts = ["postern", "v1", "accounts"];

/** Adds `postern account create|list`, for operators. */
export function addAccountCommands(program: Command, io: CliIo): void {
  const account = program.command("account").description("accounts of this installation (operators only)");
  apiCommand(account, "create <name>", "create an account with a project, an administrator and a key")
    .option("--project <name>", "name of its project (default: the region)")
    .action(async (name: string, options: { project?: string }, command: Command) =>
      createAccount(connect(io, command), name, options.project),
    );
  apiCommand(account, "list", "list all accounts").action(async (_options: object, command: Command) =>
    listAccounts(connect(io, command)),
  );
}

/** Adds `postern project create|list`. */
export function addProjectCommands(program: Command, io: CliIo): void {
  const project = program.command("project").description("projects of this account");
  apiCommand(project, "create <name>", "create a project with a default VPC").action(
    async (name: string, _options: object, command: Command) => createProject(connect(io, command), name),
  );
  apiCommand(project, "list", "list the projects").action(async (_options: object, command: Command) =>
    listProjects(connect(io, command)),
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

async function listProjects({ api, out }: CommandContext): Promise<void> {
  const { projects } = await api.get<{ projects: Project[] }>(["v3", "projects"]);
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
