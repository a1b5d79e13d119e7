import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import type { Answer, ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import { CliError, UsageError } from "./cli-error.ts";
import { changeCommand, connect, repeated } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { describeEffect, warnIfPending } from "./effect.ts";
import { findServiceTarget, serviceOption } from "./find-service.ts";
import type { ServiceTarget } from "./find-service.ts";
import type { CliIo } from "./io.ts";
import type { Output } from "./output.ts";
import { renderTable } from "./table.ts";
import type { ConnectionPage, Permission } from "./wire.ts";

interface WhitelistOptions {
  readonly add?: string[];
  readonly remove?: string[];
  readonly clear?: true;
  readonly everyone?: true;
  readonly service?: string;
}

const accountPrefix = "iam:domain::";
const everyone = "*";
const accountsShown = 10;

/** Adds `postern whitelist`. */
export function addWhitelistCommands(program: Command, io: CliIo): void {
  changeCommand(program, "whitelist", "show or change which accounts may connect to a cluster")
    .argument("[cluster]", "name or id of the cluster")
    .argument("[account...]", "replace the whole list by these", repeated(parseAccount))
    .option("--add <account>", "add an account; may be repeated", repeated(parseAccount))
    .option(
      "--remove <account>",
      "remove an account and cut its sessions; may be repeated",
      repeated(parseAccount),
    )
    .option("--clear", "admit the cluster's own account only")
    .option("--everyone", "admit every account there is")
    .option("--service <service>", serviceOption)
    .action(
      async (
        reference: string | undefined,
        accounts: string[] | undefined,
        options: WhitelistOptions,
        command: Command,
      ) => {
        const edit = editOf(accounts ?? [], options);
        const context = connect(io, command);
        const target = await findServiceTarget(context.api, reference, options.service);
        await (edit === undefined ? show(context, target) : change(context, target, edit));
      },
    );
}

/** Returns the whitelist in a line. */
export function describeWhitelist(permissions: readonly Permission[]): string {
  const accounts = accountsOf(permissions);
  if (accounts.length === 0) return "empty: the owner's own account only";
  const shown = accounts.slice(0, accountsShown).join(", ");
  return accounts.length > accountsShown ? `${shown} and ${accounts.length - accountsShown} more` : shown;
}

/** Warns where the whitelist admits everybody. */
export function warnIfEveryone(
  out: Output,
  permissions: readonly Permission[],
  { name, argument }: ServiceTarget,
): void {
  if (!accountsOf(permissions).includes(everyone)) return;
  out.warn(
    `the whitelist of ${name} holds "*": EVERY account may connect to it.\n` +
      `Name the accounts instead: postern whitelist ${argument} --remove "*" --add ACCOUNT`,
  );
}

/** Turns the list as it is into the list as it shall be. */
interface Edit {
  readonly apply: (current: readonly string[]) => string[];
  /** Whether the new list depends on the old one. */
  readonly isRelative: boolean;
}

function editOf(accounts: readonly string[], options: WhitelistOptions): Edit | undefined {
  const { add = [], remove = [] } = options;
  const isRelative = add.length > 0 || remove.length > 0;
  const ways = [accounts.length > 0, isRelative, options.clear === true, options.everyone === true];
  if (ways.filter(Boolean).length > 1) {
    throw new UsageError(
      "The command says in more than one way what the list shall be.",
      "Use one of: accounts after the cluster, --add with --remove, --clear, --everyone.",
    );
  }
  if (isRelative) return { isRelative, apply: (current) => edited(current, add, remove) };
  if (options.clear === true) return { isRelative, apply: () => [] };
  if (options.everyone === true) return { isRelative, apply: () => [everyone] };
  return accounts.length > 0 ? { isRelative, apply: () => [...new Set(accounts)] } : undefined;
}

function edited(current: readonly string[], add: readonly string[], remove: readonly string[]): string[] {
  const absent = remove.filter((account) => !current.includes(account));
  if (absent.length > 0) {
    throw new CliError(
      `${absent.join(", ")} is not on the whitelist, so nothing was changed.`,
      "See what is on it with: postern whitelist CLUSTER",
    );
  }
  return [...new Set([...current, ...add])].filter((account) => !remove.includes(account));
}

async function show({ api, out }: CommandContext, target: ServiceTarget): Promise<void> {
  const { permissions } = await api.get<ConnectionPage>(target.path("connections"));
  if (out.isJson) {
    out.json({ permissions });
  } else if (permissions.length === 0) {
    out.line(
      `The whitelist of ${target.name} is empty: only its owner's own account may connect.\n` +
        `Add another with: postern whitelist ${target.argument} --add ACCOUNT`,
    );
  } else {
    const rows = permissions.map(({ permission, created_at }) => [accountOf(permission), created_at]);
    out.line(renderTable(["ACCOUNT", "SINCE"], rows));
  }
  warnIfEveryone(out, permissions, target);
}

async function change({ api, out }: CommandContext, target: ServiceTarget, edit: Edit): Promise<void> {
  const answer = await write(api, target, edit);
  const { permissions } = await api.get<ConnectionPage>(target.path("connections"));
  if (out.isJson) out.json({ permissions, severed: answer.severed, enforced: answer.enforced });
  else
    out.line(
      `The whitelist of ${target.name} is now ${describeWhitelist(permissions)}.\nWith that, ${describeEffect(answer)}`,
    );
  warnIfPending(out, answer);
  warnIfEveryone(out, permissions, target);
}

/** An edit that starts from the present list must not undo what somebody else adds in between. */
async function write(api: ApiClient, target: ServiceTarget, edit: Edit): Promise<Answer<object>> {
  const send = (accounts: readonly string[], ifMatch: string | null): Promise<Answer<object>> =>
    api.request("POST", target.path("permissions"), {
      body: { vpc_permissions: accounts },
      ifMatch,
    });
  if (!edit.isRelative) return send(edit.apply([]), null);
  const attempt = async (): Promise<Answer<object>> => {
    const path = target.path("connections");
    const { body, etag } = await api.request<ConnectionPage>("GET", path);
    return send(edit.apply(accountsOf(body.permissions)), etag);
  };
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) return attempt();
    throw error;
  }
}

function accountsOf(permissions: readonly Permission[]): string[] {
  return permissions.map(({ permission }) => accountOf(permission));
}

function accountOf(permission: string): string {
  const account = permission.startsWith(accountPrefix) ? permission.slice(accountPrefix.length) : permission;
  return account;
}

function parseAccount(text: string): string {
  const account = accountOf(text);
  if (account === everyone || /^[A-Za-z0-9]{1,64}$/.test(account)) return account;
  throw new InvalidArgumentError(
    'It must be an account id (letters and digits, at most 64), or "*" for everyone.',
  );
}
