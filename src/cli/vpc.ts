import { Option, type Command } from "commander";
import { apiCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import { findVpc } from "./find.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";
import type { Vpc } from "./wire.ts";

interface CreateOptions {
  readonly cidr?: string;
  readonly attachment: string;
}

/** Adds `postern vpc list|create|delete`. */
export function addVpcCommands(program: Command, io: CliIo): void {
  const vpc = program.command("vpc").description("networks that endpoints get their addresses in");
  apiCommand(vpc, "list", "list the VPCs of this project with their subnets").action(
    async (_options: object, command: Command) => list(connect(io, command)),
  );
  apiCommand(vpc, "create <name>", "create a VPC")
    .option("--cidr <cidr>", "its addresses, such as 127.4.0.0/20 (default: the next free ones)")
    .addOption(
      new Option("--attachment <kind>", "none: only record it, no gateway is attached to it yet")
        .choices(["loopback", "none"])
        .default("loopback"),
    )
    .action(async (name: string, options: CreateOptions, command: Command) =>
      create(connect(io, command), name, options),
    );
  apiCommand(vpc, "delete <vpc>", "delete a VPC that has no endpoints").action(
    async (reference: string, _options: object, command: Command) => remove(connect(io, command), reference),
  );
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
      ? [[vpc.name, vpc.id, vpc.attachment.kind, vpc.cidr]]
      : vpc.subnets.map((subnet) => [
          vpc.name,
          vpc.id,
          vpc.attachment.kind,
          subnet.cidr,
          subnet.name,
          subnet.addresses_used,
          subnet.addresses_free,
        ]),
  );
  return renderTable(["NAME", "ID", "ATTACHMENT", "CIDR", "SUBNET", "USED", "FREE"], rows);
}

async function create({ api, out }: CommandContext, name: string, options: CreateOptions): Promise<void> {
  const { cidr, attachment } = options;
  const body = { name, ...(cidr !== undefined && { cidr }), attachment: { kind: attachment } };
  const { body: vpc } = await api.request<Vpc>("POST", api.own("vpcs"), { body });
  if (out.isJson) {
    out.json(vpc);
    return;
  }
  out.line(`Created VPC ${vpc.name} (${vpc.cidr}) as ${vpc.id}.`);
  if (attachment === "none")
    out.note("No gateway is attached to it: its endpoints are kept, and carry nothing.");
  out.line(`Put an endpoint into it with: postern endpoint create SERVICE_NAME --vpc ${vpc.name}`);
}

async function remove({ api, out }: CommandContext, reference: string): Promise<void> {
  const vpc = await findVpc(api, reference);
  await api.request("DELETE", api.own("vpcs", vpc.id));
  if (out.isJson) out.json({ id: vpc.id });
  else out.line(`VPC ${vpc.name} is deleted.`);
}
