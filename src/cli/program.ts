import { Command } from "commander";
import { addAccountCommands, addProjectCommands } from "./account.ts";
import { addClusterCommands } from "./cluster.ts";
import { addConnectionCommands } from "./connection.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addDnsCommands } from "./dns.ts";
import { addEndpointCommands } from "./endpoint.ts";
import { addExplainCommand } from "./explain.ts";
import { addEventsCommand } from "./events.ts";
import { addImportCommand } from "./import.ts";
import { addAuditCommands } from "./audit.ts";
import type { CliIo } from "./io.ts";
import { addKeyCommands } from "./key.ts";
import { addRefusalsCommand } from "./refusals.ts";
import { addLogLevelCommand } from "./log-level.ts";
import { addNodeCommands } from "./node.ts";
import { addServiceChangeCommand } from "./service-change.ts";
import { addServiceDomainCommands } from "./service-domain.ts";
import { addServiceListCommand } from "./service-list.ts";
import { addServiceCommands } from "./service.ts";
import { addSessionCommands } from "./sessions.ts";
import { addStatusCommands } from "./status.ts";
import { addTopCommand } from "./top.ts";
import { addUserCommands } from "./user.ts";
import { addVpcCommands } from "./vpc.ts";
import { addWebhookCommands } from "./webhook.ts";
import { addWhitelistCommands } from "./whitelist.ts";

const examples = `
Where the server is: --data DIR or POSTERN_DATA=DIR (default .postern/data) names the data directory of a
local one; POSTERN_ENDPOINT, POSTERN_TOKEN and POSTERN_PROJECT_ID together name a remote one.

First steps:
  postern up                                                start everything on this machine
  postern cluster add logs http://10.0.0.5:9200 --open      put a cluster behind an endpoint
  postern connections                                       see who is connected
  postern reject ID                                         cut one off`;

/**
 * Returns the whole command line. Run it with `runProgram`, which knows its errors.
 * @param addProcessCommands adds the commands that start long-running processes (`up`, `server`, `gateway`);
 *   they come first in the help
 */
export function buildProgram(io: CliIo, addProcessCommands: (program: Command) => void = () => {}): Command {
  const program = new Command("postern")
    .description("Self-hosted VPC endpoint service for OpenSearch and Elasticsearch clusters.")
    .version(io.version)
    .option("--json", "print JSON for programs")
    .option("--data <dir>", "data directory of the Postern to talk to (or POSTERN_DATA)")
    // Otherwise `cluster add --version 2.19` would print Postern's own version.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("Add --help to see what the command takes.")
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", examples);
  addProcessCommands(program);
  addClusterCommands(program, io);
  addNodeCommands(program, io);
  addServiceCommands(program, io);
  const service = addServiceListCommand(program, io);
  addServiceChangeCommand(service, io);
  addServiceDomainCommands(service, io);
  addConnectionCommands(program, io);
  addSessionCommands(program, io);
  addTopCommand(program, io);
  addImportCommand(program, io);
  addWhitelistCommands(program, io);
  addEndpointCommands(program, io);
  addDoctorCommand(program, io);
  addExplainCommand(program, io);
  addRefusalsCommand(program, io);
  addVpcCommands(program, io);
  addDnsCommands(program, io);
  addAccountCommands(program, io);
  addProjectCommands(program, io);
  addUserCommands(program, io);
  addKeyCommands(program, io);
  addAuditCommands(program, io);
  addEventsCommand(program, io);
  addWebhookCommands(program, io);
  addStatusCommands(program, io);
  addLogLevelCommand(program, io);
  return program;
}
