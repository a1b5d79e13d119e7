import { InvalidArgumentError, type Command } from "commander";
import { CliError } from "./cli-error.ts";
import { changeCommand, clusterArgument, connect, type CommandContext } from "./command.ts";
import { warnIfPending } from "./effect.ts";
import { findCluster } from "./find.ts";
import type { CliIo } from "./io.ts";
import { renderFields } from "./table.ts";
import type { EndpointService } from "./wire.ts";

interface ChangeOptions {
  readonly dns?: boolean;
  readonly professional?: boolean;
  readonly approval?: boolean;
  readonly dualStack?: true;
}

/** Adds `postern service change`. */
export function addServiceChangeCommand(service: Command, io: CliIo): void {
  changeCommand(service, "change", "change what an open endpoint service offers; nobody is cut off")
    .argument(...clusterArgument)
    .option("--dns <on|off>", "private names for endpoints", parseSwitch)
    .option("--professional <on|off>", "1,000,000 sessions an endpoint rather than 3,000", parseSwitch)
    .option("--approval <on|off>", "endpoints of other accounts wait until you accept them", parseSwitch)
    .option("--dual-stack", "give the endpoint an IPv6 address too; it is never taken away")
    .action(async (reference: string | undefined, options: ChangeOptions, command: Command) =>
      change(connect(io, command), reference, options),
    );
}

function parseSwitch(text: string): boolean {
  if (text === "on" || text === "off") return text === "on";
  throw new InvalidArgumentError("It must be on or off.");
}

async function change(
  { api, out }: CommandContext,
  reference: string | undefined,
  { dns, professional, approval, dualStack }: ChangeOptions,
): Promise<void> {
  const body = {
    ...(dns === undefined ? {} : { dns }),
    ...(professional === undefined ? {} : { professional }),
    ...(approval === undefined ? {} : { approval_enabled: approval }),
    ...(dualStack === undefined ? {} : { dual_stack: true }),
  };
  if (Object.keys(body).length === 0) {
    throw new CliError("Nothing is to be changed.", "See what there is: postern service change --help");
  }
  const cluster = await findCluster(api, reference);
  const path = api.own("clusters", cluster.id, "service");
  const answer = await api.request<EndpointService>("PUT", path, { body });
  const { body: service } = answer;
  if (out.isJson) out.json(service);
  else {
    out.line(`The endpoint service of ${cluster.name} is changed.`);
    out.line(
      renderFields([
        ["Service", service.name],
        ["Private names", onOrOff(service.dns)],
        ["Professional", onOrOff(service.professional)],
        ["Approval", onOrOff(service.approval_enabled)],
      ]),
    );
  }
  warnIfPending(out, answer);
}

function onOrOff(isOn: boolean): string {
  return isOn ? "on" : "off";
}
