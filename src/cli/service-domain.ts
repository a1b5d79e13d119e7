import type { Command } from "commander";
import type { ApiClient, Path } from "./api-client.ts";
import { CliError } from "./cli-error.ts";
import { changeCommand, readCommand, connect, type CommandContext } from "./command.ts";
import { warnIfPending } from "./effect.ts";
import { findCluster, pickNamed } from "./find.ts";
import { listServices } from "./find-service.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import type { ServiceDomain } from "./wire.ts";

const whichService = "a service by name or id, or the cluster whose opening made it";

/** Adds `postern service domain add|verify|list|delete`. */
export function addServiceDomainCommands(service: Command, io: CliIo): void {
  const domain = service.command("domain").description("names of your own that lead consumers to a service");
  changeCommand(domain, "add", "attach a name, and print the TXT record that proves it")
    .argument("<service>", whichService)
    .argument("<name>", "a whole host name, such as logs.example.com")
    .action(async (reference: string, name: string, _options: object, command: Command) =>
      add(connect(io, command), reference, name),
    );
  changeCommand(domain, "verify", "look for the TXT record now; the name leads to endpoints once it is there")
    .argument("<service>", whichService)
    .argument("<name>", "the name")
    .action(async (reference: string, name: string, _options: object, command: Command) =>
      verify(connect(io, command), reference, name),
    );
  readCommand(domain, "list", "list the names of a service")
    .argument("<service>", whichService)
    .action(async (reference: string, _options: object, command: Command) =>
      list(connect(io, command), reference),
    );
  changeCommand(domain, "delete", "take a name off a service: it leads nowhere at once")
    .argument("<service>", whichService)
    .argument("<name>", "the name")
    .action(async (reference: string, name: string, _options: object, command: Command) =>
      remove(connect(io, command), reference, name),
    );
}

async function add({ api, out }: CommandContext, reference: string, name: string): Promise<void> {
  const path = await domainsOf(api, reference);
  const { body } = await api.request<ServiceDomain>("POST", path, { body: { name } });
  if (out.isJson) {
    out.json(body);
    return;
  }
  const { record, status } = body;
  out.line(
    renderFields([
      ["Name", body.name],
      ["Status", status],
      ["TXT record", record.name],
      ["Its text", record.value],
    ]),
  );
  out.note(
    `Make that record where ${body.name} is administered, then: postern service domain verify ${reference} ${body.name}`,
  );
}

async function verify({ api, out }: CommandContext, reference: string, name: string): Promise<void> {
  const path = await domainsOf(api, reference);
  const { id } = await findDomain(api, path, name);
  const answer = await api.request<ServiceDomain>("POST", [...path, id, "verify"]);
  const { status, problem = "" } = answer.body;
  if (out.isJson) out.json(answer.body);
  else if (status === "verified") out.line(`${name} is verified: consumers of the service resolve it.`);
  warnIfPending(out, answer);
  if (status !== "verified") throw new CliError(`${name} is not verified.`, problem);
  if (problem !== "") out.warn(problem);
}

async function list({ api, out }: CommandContext, reference: string): Promise<void> {
  const domains = await listDomains(api, await domainsOf(api, reference));
  if (out.isJson) out.json({ domains, total_count: domains.length });
  else if (domains.length === 0) out.line("The service has no name of your own.");
  else {
    const rows = domains.map(({ name, status, record }) => [name, status, record.name, record.value]);
    out.line(renderTable(["NAME", "STATUS", "TXT RECORD", "ITS TEXT"], rows));
  }
}

async function remove({ api, out }: CommandContext, reference: string, name: string): Promise<void> {
  const path = await domainsOf(api, reference);
  const { id } = await findDomain(api, path, name);
  const answer = await api.request("DELETE", [...path, id]);
  if (out.isJson) out.json({ id });
  else out.line(`${name} is no longer a name of the service.`);
  warnIfPending(out, answer);
}

/** Returns the path of a service's names. @throws CliError where there is no such service */
async function domainsOf(api: ApiClient, reference: string): Promise<Path> {
  const services = await listServices(api);
  const named = services.find(({ id, name }) => id === reference || name === reference);
  const { id } = named ?? (await openedBy(api, reference));
  return api.own("services", id, "domains");
}

async function openedBy(api: ApiClient, reference: string): Promise<{ readonly id: string }> {
  const cluster = await findCluster(api, reference);
  const services = await listServices(api);
  const opened = services.find((one) => one.origin === "css" && one.cluster_id === cluster.id);
  if (opened) return opened;
  throw new CliError(
    `The endpoint service of ${cluster.name} is not open.`,
    `Open it with: postern open ${cluster.name}`,
  );
}

async function listDomains(api: ApiClient, path: Path): Promise<readonly ServiceDomain[]> {
  return (await api.get<{ readonly domains: readonly ServiceDomain[] }>(path)).domains;
}

async function findDomain(api: ApiClient, path: Path, name: string): Promise<ServiceDomain> {
  return pickNamed("domain", await listDomains(api, path), name, "postern service domain list SERVICE");
}
