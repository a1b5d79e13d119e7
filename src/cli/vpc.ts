import { Option, type Command } from "commander";
import { changeCommand, readCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { describeEffect, warnIfPending } from "./effect.ts";
import { UsageError } from "./cli-error.ts";
import { findVpc } from "./find.ts";
import type { CliIo } from "./io.ts";
import type { Output } from "./output.ts";
import { renderTable } from "./table.ts";
import type { Attachment, Vpc } from "./wire.ts";

interface AttachOptions {
  readonly attachment: string;
  readonly device?: string;
  readonly namespace?: string;
}

interface CreateOptions extends AttachOptions {
  readonly cidr?: string;
  readonly cidr6?: string;
}

/** Adds `postern vpc list|create|attach|ipv6|delete`. */
export function addVpcCommands(program: Command, io: CliIo): void {
  const vpc = program.command("vpc").description("networks that endpoints get their addresses in");
  readCommand(vpc, "list", "list the VPCs of this project with their subnets").action(
    async (_options: object, command: Command) => list(connect(io, command)),
  );
  withHostNames(changeCommand(vpc, "create <name>", "create a VPC"))
    .option("--cidr <cidr>", "its addresses, such as 127.4.0.0/20 (default on loopback: the next free ones)")
    .option("--cidr6 <cidr>", "IPv6 addresses beside those, such as fd00:1::/64 (default: none)")
    .addOption(attachmentOption().default("loopback"))
    .action(async (name: string, options: CreateOptions, command: Command) =>
      create(connect(io, command), name, options),
    );
  withHostNames(
    changeCommand(vpc, "attach <vpc>", "attach the gateways to a VPC, or detach them (operators)"),
  )
    .addOption(attachmentOption().makeOptionMandatory())
    .action(async (reference: string, options: AttachOptions, command: Command) =>
      attach(connect(io, command), reference, options),
    );
  changeCommand(
    vpc,
    "ipv6 <vpc> <cidr>",
    "give a VPC IPv6 addresses, such as fd00:1::/64; it keeps them",
  ).action(async (reference: string, cidr6: string, _options: object, command: Command) =>
    addIPv6(connect(io, command), reference, cidr6),
  );
  changeCommand(vpc, "delete <vpc>", "delete a VPC that has no endpoints").action(
    async (reference: string, _options: object, command: Command) => remove(connect(io, command), reference),
  );
}

function attachmentOption(): Option {
  return new Option(
    "--attachment <kind>",
    "how gateways reach it; none: only record it, no gateway is attached to it yet",
  ).choices(["loopback", "none", "interface", "netns"]);
}

function withHostNames(command: Command): Command {
  return command
    .option("--device <name>", "the interface of the gateway's host, with --attachment interface")
    .option("--namespace <name>", "the network namespace of the gateway's host, with --attachment netns");
}

/** @throws UsageError where the name that the kind takes is missing, or another is given */
function readAttachment({ attachment: kind, device, namespace }: AttachOptions): Attachment {
  const isComplete =
    (device !== undefined) === (kind === "interface") && (namespace !== undefined) === (kind === "netns");
  if (isComplete)
    return { kind, ...(device !== undefined && { device }), ...(namespace !== undefined && { namespace }) };
  throw new UsageError(
    `--attachment ${kind} does not go with the other options.`,
    "Use --attachment interface --device NAME, --attachment netns --namespace NAME, or another kind with neither.",
  );
}

function attachmentText({ kind, device, namespace }: Attachment): string {
  return [kind, device ?? namespace].filter((word) => word !== undefined).join(" ");
}

async function list({ api, out }: CommandContext): Promise<void> {
  const vpcs = await api.list<Vpc>(api.own("vpcs"), "vpcs");
  if (out.isJson) out.json({ vpcs, total_count: vpcs.length });
  else if (vpcs.length === 0) out.line("This project has no VPC.\nCreate one with: postern vpc create NAME");
  else out.line(vpcTable(vpcs));
}

/** One row a subnet: addresses are used and run out there. */
function vpcTable(vpcs: readonly Vpc[]): string {
  const rows = vpcs.flatMap((vpc) =>
    vpc.subnets.length === 0
      ? [[vpc.name, vpc.id, attachmentText(vpc.attachment), vpc.dns_address, cidrText(vpc)]]
      : vpc.subnets.map((subnet) => [
          vpc.name,
          vpc.id,
          attachmentText(vpc.attachment),
          vpc.dns_address,
          cidrText(subnet),
          subnet.name,
          subnet.addresses_used,
          subnet.addresses_free,
        ]),
  );
  return renderTable(["NAME", "ID", "ATTACHMENT", "DNS", "CIDR", "SUBNET", "USED", "FREE"], rows);
}

function cidrText({ cidr, cidr6 }: Pick<Vpc, "cidr" | "cidr6">): string {
  return cidr6 === undefined ? cidr : `${cidr} ${cidr6}`;
}

async function create({ api, out }: CommandContext, name: string, options: CreateOptions): Promise<void> {
  const { cidr, cidr6 } = options;
  const attachment = readAttachment(options);
  const networks = { ...(cidr !== undefined && { cidr }), ...(cidr6 !== undefined && { cidr6 }) };
  const body = { name, ...networks, attachment };
  const { body: vpc } = await api.request<Vpc>("POST", api.own("vpcs"), { body });
  if (out.isJson) {
    out.json(vpc);
    return;
  }
  out.line(`Created VPC ${vpc.name} (${cidrText(vpc)}) as ${vpc.id}.`);
  noteLoopback(out, vpc);
  if (attachment.kind === "none")
    out.note("No gateway is attached to it: its endpoints are kept, and carry nothing.");
  out.line(`Put an endpoint into it with: postern endpoint create SERVICE_NAME --vpc ${vpc.name}`);
}

async function attach(
  { api, out }: CommandContext,
  reference: string,
  options: AttachOptions,
): Promise<void> {
  const attachment = readAttachment(options);
  const { id } = await findVpc(api, reference);
  const answer = await api.request<Vpc>("PUT", api.own("vpcs", id), { body: { attachment } });
  if (out.isJson) out.json(answer.body);
  else
    out.line(
      `VPC ${answer.body.name} is attached as ${attachmentText(attachment)}: ${describeEffect(answer)}`,
    );
  warnIfPending(out, answer);
}

async function addIPv6({ api, out }: CommandContext, reference: string, cidr6: string): Promise<void> {
  const { id } = await findVpc(api, reference);
  const answer = await api.request<Vpc>("PUT", api.own("vpcs", id), { body: { cidr6 } });
  if (out.isJson) out.json(answer.body);
  else {
    out.line(`VPC ${answer.body.name} has ${cidrText(answer.body)}.`);
    noteLoopback(out, answer.body);
  }
  warnIfPending(out, answer);
}

/** A host has all of 127.0.0.0/8, and of IPv6 what it is given. */
function noteLoopback(out: Output, { attachment, cidr6 }: Vpc): void {
  if (attachment.kind !== "loopback" || cidr6 === undefined) return;
  out.note(
    "This host has no IPv6 addresses of its own for it. So that endpoints get theirs, on the gateway's host, once:\n" +
      `  sudo sysctl net.ipv6.ip_nonlocal_bind=1 && sudo ip -6 route add local ${cidr6} dev lo`,
  );
}

async function remove({ api, out }: CommandContext, reference: string): Promise<void> {
  const vpc = await findVpc(api, reference);
  await api.request("DELETE", api.own("vpcs", vpc.id));
  if (out.isJson) out.json({ id: vpc.id });
  else out.line(`VPC ${vpc.name} is deleted.`);
}
