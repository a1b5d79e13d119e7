import { resolve } from "node:path";
import type { Command } from "commander";
import type { NameSettings } from "../gateway/dns/name-service.ts";
import type { UpdatedZone } from "../gateway/dns/update/name-updates.ts";
import { StartError } from "../lib/start-error.ts";

/** What the command line says of serving private names. */
export interface NameFlags {
  readonly dnsPort?: string;
  readonly dnsTtl: string;
  readonly dnsUpdate?: string;
}

/** 53 where this process may have it and nobody else has. */
const defaultPorts = [53, 5300];
const defaultTtlS = "5";
const mostTtlS = 3_600;

export function withNames(command: Command): Command {
  const ports = defaultPorts.join(", or where that cannot be had ");
  return command
    .option("--dns-port <port>", `port of private names in loopback networks (default ${ports})`)
    .option("--dns-ttl <seconds>", "how long resolvers may keep answers about private names", defaultTtlS)
    .option("--dns-update <file>", "JSON file of name servers that private names are sent to (RFC 2136)");
}

/** @throws StartError */
export function readNames({ dnsPort, dnsTtl }: NameFlags): NameSettings {
  const ttlS = Number(dnsTtl);
  if (!Number.isInteger(ttlS) || ttlS < 1 || ttlS > mostTtlS)
    throw new StartError(
      `"${dnsTtl}" is no time to keep answers for. Give whole seconds from 1 to ${mostTtlS}.`,
    );
  if (dnsPort === undefined) return { ttlS, ports: defaultPorts };
  const port = Number(dnsPort);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return { ttlS, ports: [port] };
  throw new StartError(`"${dnsPort}" is no port for private names. Give a number from 1 to 65535.`);
}

/** Which zones of existing name servers are to have the names. @throws StartError */
export async function readUpdates({ dnsUpdate }: NameFlags): Promise<readonly UpdatedZone[]> {
  if (dnsUpdate === undefined) return [];
  // A gateway without such a file starts sooner without the tools to check one.
  const { readUpdatedZones } = await import("./dns-update-settings.ts");
  return readUpdatedZones(resolve(dnsUpdate));
}

/** The arguments that say the same to another process. @throws StartError */
export function nameArgs(flags: NameFlags): readonly string[] {
  readNames(flags);
  const port = flags.dnsPort === undefined ? [] : ["--dns-port", flags.dnsPort];
  const update = flags.dnsUpdate === undefined ? [] : ["--dns-update", resolve(flags.dnsUpdate)];
  return ["--dns-ttl", flags.dnsTtl, ...port, ...update];
}
