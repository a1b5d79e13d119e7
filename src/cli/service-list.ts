import type { Command } from "commander";
import { readCommand, connect } from "./command.ts";
import { listServices } from "./find-service.ts";
import type { CliIo } from "./io.ts";
import { renderTable } from "./table.ts";

/** Adds `postern service list`. @returns the noun `service`, for more of its commands */
export function addServiceListCommand(program: Command, io: CliIo): Command {
  const service = program.command("service").description("endpoint services of all clusters");
  readCommand(service, "list", "list the open services, whichever API made them").action(
    async (_options: object, command: Command) => {
      const { api, out } = connect(io, command);
      const services = await listServices(api);
      if (out.isJson) out.json({ services, total_count: services.length });
      else if (services.length === 0)
        out.line("No endpoint service is open.\nOpen a cluster's with: postern open CLUSTER");
      else {
        const rows = services.map((one) => [one.name, one.id, one.cluster_name, one.origin, one.connections]);
        out.line(renderTable(["NAME", "ID", "CLUSTER", "MADE BY", "CONNECTIONS"], rows));
      }
    },
  );
  return service;
}
