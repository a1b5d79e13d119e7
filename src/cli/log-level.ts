import type { Command } from "commander";
import { logLevels } from "../lib/wanted-level.ts";
import { changeCommand, connect } from "./command.ts";
import type { CliIo } from "./io.ts";
import { duration, longestDuration } from "./time.ts";

interface LevelOptions {
  readonly gateway?: true;
  readonly for?: number;
}

const words = [...logLevels, "default"];
const path = ["postern", "v1", "log-level"];

/** Adds `postern log-level`. */
export function addLogLevelCommand(program: Command, io: CliIo): void {
  changeCommand(
    program,
    "log-level [level]",
    `what the running processes log: ${words.join(", ")} (operators only)`,
  )
    .option("--gateway", "of the gateways rather than the server")
    .option("--for <time>", "go back by itself after so long: 90s, 10m, 2h", duration(0, longestDuration))
    .action(async (level: string | undefined, options: LevelOptions, command: Command) => {
      const { api, out } = connect(io, command);
      if (level === undefined) {
        const body = await api.get<{ server: string; gateway: string }>(path);
        if (out.isJson) out.json(body);
        else out.line(`server: ${body.server}\ngateway: ${body.gateway}`);
        return;
      }
      const name = options.gateway ? "gateway" : "server";
      const body = { process: name, level, ...(options.for !== undefined && { for_seconds: options.for }) };
      const { body: set } = await api.request<object>("PUT", path, { body });
      if (out.isJson) out.json(set);
      else {
        const until = options.for === undefined ? "until the server restarts" : `for ${options.for} s`;
        out.line(
          level === "default"
            ? `The ${name} logs what it was started with.`
            : `The ${name} logs from ${level} on, ${until}.`,
        );
      }
    });
}
