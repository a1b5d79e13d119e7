import type { Command } from "commander";
import { readCommand, connect } from "./command.ts";
import type { CommandContext } from "./command.ts";
import type { CliIo } from "./io.ts";
import { renderFields, renderTable } from "./table.ts";
import type { GatewayStatus, SystemStatus } from "./wire.ts";

/** Adds `postern status`. */
export function addStatusCommands(program: Command, io: CliIo): void {
  readCommand(program, "status", "show whether server and gateways are well").action(
    async (_options: object, command: Command) => status(connect(io, command)),
  );
}

async function status({ api, out }: CommandContext): Promise<void> {
  const body = await api.get<SystemStatus>(api.own("status"));
  if (out.isJson) {
    out.json(body);
    return;
  }
  const { counts } = body;
  out.line(
    renderFields([
      ["Version", body.version],
      ["Region", body.region],
      ["Revision", body.revision],
      ["Server", `process ${body.pid}`],
      ["Clusters", `${counts.clusters}, with ${counts.services} endpoint services`],
      ["Endpoints", `${counts.endpoints}, with ${counts.sessions} sessions`],
    ]),
  );
  if (counts.unattached > 0) {
    out.note(
      `Of these endpoints, ${counts.unattached} are in networks that no gateway is attached to, and carry nothing.`,
    );
  }
  out.line("");
  if (body.gateways.length === 0) {
    out.warn(
      "no gateway is registered, so no endpoint carries traffic. Start one with: postern up, or postern gateway",
    );
    return;
  }
  const rows = body.gateways.map((gateway) => [
    gateway.name,
    gatewayState(gateway, body.revision),
    gateway.engines?.join(", "),
    gateway.applied_revision,
    gateway.pid,
    gateway.last_seen_at,
  ]);
  out.line(renderTable(["GATEWAY", "STATE", "ENGINES", "REVISION", "PROCESS", "LAST SEEN"], rows));
  if (body.gateways.some((gateway) => !gateway.connected)) {
    out.warn("a gateway is away. Its endpoints go on as they were and learn of no change until it is back.");
  }
}

function gatewayState(gateway: GatewayStatus, revision: number): string {
  if (!gateway.connected) return "away";
  return (gateway.applied_revision ?? 0) < revision ? "catching up" : "in step";
}
