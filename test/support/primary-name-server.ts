import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { GuardedProcess, runGuarded } from "./guarded-process.ts";

/** The programs of Debian's packages knot and bind9. */
export type NameServerProgram = "knotd" | "named";

const address = "127.0.0.1";
export const keyName = "postern-key";

function knotConfiguration(directory: string, port: number, zone: string, secret: string): string {
  return `
server:
    rundir: "${directory}"
    listen: ${address}@${port}
log:
  - target: stderr
    any: info
database:
    storage: "${directory}"
key:
  - id: ${keyName}
    algorithm: hmac-sha256
    secret: ${secret}
acl:
  - id: postern
    key: ${keyName}
    action: [transfer, update]
zone:
  - domain: ${zone}
    storage: "${directory}"
    file: zone.db
    acl: postern
`;
}

function bindConfiguration(directory: string, port: number, zone: string, secret: string): string {
  return `
options {
    directory "${directory}"; pid-file none; session-keyfile none; recursion no; dnssec-validation no;
    listen-on port ${port} { ${address}; }; listen-on-v6 { none; };
};
controls { };
key "${keyName}" { algorithm hmac-sha256; secret "${secret}"; };
zone "${zone}" {
    type primary; file "${directory}/zone.db";
    allow-update { key "${keyName}"; }; allow-transfer { key "${keyName}"; };
};
`;
}

/** A real primary name server of one zone, that one key may update and transfer. */
export class PrimaryNameServer {
  readonly program: NameServerProgram;
  readonly zone: string;
  readonly port: number;
  /** In base64. */
  readonly secret: string;
  readonly #directory: string;
  #process: GuardedProcess | undefined;

  private constructor(program: NameServerProgram, zone: string, port: number, directory: string) {
    this.program = program;
    this.zone = zone;
    this.port = port;
    this.secret = randomBytes(32).toString("base64");
    this.#directory = directory;
  }

  /** @param records what the zone has besides, as lines of its file */
  static async make(
    program: NameServerProgram,
    zone: string,
    records: readonly string[],
  ): Promise<PrimaryNameServer> {
    const directory = await mkdtemp(join(tmpdir(), `postern-${program}-`));
    const server = new PrimaryNameServer(program, zone, await freePort(), directory);
    const lines = ["$TTL 5", "@ SOA ns hostmaster 1 3600 600 604800 5", "@ NS ns", `ns A ${address}`];
    await writeFile(join(directory, "zone.db"), [...lines, ...records, ""].join("\n"));
    const configuration = program === "knotd" ? knotConfiguration : bindConfiguration;
    await writeFile(join(directory, "conf"), configuration(directory, server.port, zone, server.secret));
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const file = join(this.#directory, "conf");
    const args = this.program === "knotd" ? ["-c", file] : ["-g", "-c", file];
    const running = new GuardedProcess(this.program, args);
    this.#process = running;
    try {
      await eventually(async () => (await this.ask(`ns.${this.zone}`, "A")) === address, { intervalMs: 200 });
    } catch (error) {
      throw new Error(`${this.program} does not answer. Its last lines:\n${running.tail()}`, {
        cause: error,
      });
    }
  }

  /** Its records are on disk, for the next start. */
  async pause(): Promise<void> {
    await this.#process?.stop();
  }

  async stop(): Promise<void> {
    await this.pause();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Gives the data of the records that it answers with, each on a line. */
  async ask(name: string, type: string): Promise<string> {
    const args = [`@${address}`, "-p", String(this.port), "+short", "+time=2", "+tries=1", name, type];
    return (await runGuarded("dig", args, { timeoutMs: 10_000 })).stdout.trim();
  }
}
