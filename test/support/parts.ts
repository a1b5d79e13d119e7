import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callApi } from "./api.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { GuardedProcess } from "./guarded-process.ts";
import { executable } from "./postern.ts";
import type { Admin } from "./postern.ts";
import type { Caller } from "./service.ts";

/**
 * Server and gateway as two commands that nobody supervises: what is killed stays dead until the test starts it again.
 */
export class Parts {
  readonly dataDir: string;
  readonly #listen: string;
  #server: GuardedProcess | undefined;
  #gateway: GuardedProcess | undefined;

  private constructor(dataDir: string, listen: string) {
    this.dataDir = dataDir;
    this.#listen = listen;
  }

  /** Starts both on a data directory of their own, which `stop` removes. */
  static async start(): Promise<Parts> {
    const dataDir = await mkdtemp(join(tmpdir(), "postern-parts-"));
    const parts = new Parts(dataDir, `127.0.0.1:${await freePort()}`);
    await parts.startServer();
    parts.startGateway();
    const operator = await parts.operator();
    await eventually(
      async () => {
        const { body } = await operator.api<{ gateways: { connected: boolean }[] }>(
          "GET",
          "/postern/v1/{pid}/status",
        );
        return body.gateways[0]?.connected;
      },
      { timeoutMs: 30_000, what: "the gateway to find the server" },
    );
    return parts;
  }

  /** Starts the server and waits until it answers. */
  async startServer(): Promise<void> {
    this.#server = this.#run("server", "--listen", this.#listen);
    await eventually(async () => await fetch(`http://${this.#listen}/`), {
      timeoutMs: 30_000,
      what: "an answer of the server",
    });
  }

  /** Starts the gateway and does not wait: whether it works is for the test to find out. */
  startGateway(): void {
    this.#gateway = this.#run("gateway");
  }

  /** Ends it as kill -9 does, whatever it is at. */
  async killServer(): Promise<void> {
    await this.#server?.kill();
  }

  async killGateway(): Promise<void> {
    await this.#gateway?.kill();
  }

  /** Whoever made the first start. */
  async operator(): Promise<Caller & { readonly admin: Admin }> {
    const file = join(this.dataDir, "admin.json");
    const admin = await eventually(async () => JSON.parse(await readFile(file, "utf8")) as Admin);
    return { admin, api: (method, path, body, headers = {}) => callApi(admin, method, path, body, headers) };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#server?.stop(), this.#gateway?.stop()]);
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #run(command: string, ...args: readonly string[]): GuardedProcess {
    return new GuardedProcess(executable, [command, "--data", this.dataDir, "--metrics", "off", ...args]);
  }
}
