import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signed } from "../../src/api/test-signer.ts";
import type { Children } from "../proxy/children.ts";

const executable = fileURLToPath(new URL("../../bin/postern", import.meta.url));

interface Admin {
  readonly endpoint: string;
  readonly project_id: string;
  readonly token: string;
  readonly access_key: string;
  readonly secret_key: string;
}

/** A started `postern up` with its operator's credentials. */
export class System {
  readonly admin: Admin;
  /** From the start of the command to its "ready" line, in milliseconds. */
  readonly startedInMs: number;

  private constructor(admin: Admin, startedInMs: number) {
    this.admin = admin;
    this.startedInMs = startedInMs;
  }

  /** @param name of the data directory, below the bench's temporary one */
  static async start(children: Children, name: string): Promise<System> {
    const data = join(children.directory, name);
    const startedAt = performance.now();
    const args = ["up", "--data", data, "--listen", "127.0.0.1:0"];
    // The ports of metrics are another Postern's of this machine.
    const metrics = ["--metrics-server", "off", "--metrics-gateway", "off"];
    const up = spawn(executable, [...args, ...metrics], { stdio: ["ignore", "pipe", "inherit"] });
    children.keep(up);
    const ended = once(up, "exit").then(() =>
      Promise.reject(new Error("postern up ended before it was ready")),
    );
    await Promise.race([once(up.stdout, "data"), ended]);
    const startedInMs = performance.now() - startedAt;
    ended.catch(() => undefined);
    return new System(JSON.parse(await readFile(join(data, "admin.json"), "utf8")) as Admin, startedInMs);
  }

  get authentication(): string {
    return `X-Auth-Token: ${this.admin.token}`;
  }

  /** Returns the URL of a path; `{pid}` in it stands for the project. */
  url(path: string): string {
    return this.admin.endpoint + path.replace("{pid}", this.admin.project_id);
  }

  /** Headers of a GET that is signed now; they hold for 15 minutes. */
  signedHeaders(path: string): readonly string[] {
    const { access_key: id, secret_key: secret, endpoint } = this.admin;
    const url = this.url(path).slice(endpoint.length);
    const headers = { host: new URL(endpoint).host };
    const request = signed({ id, secret }, url, Date.now(), { headers });
    return Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
  }

  /** Makes one call and returns the body as text. @throws where it is refused */
  async call(method: string, path: string, body?: object): Promise<string> {
    return (await this.#send(method, path, body)).text();
  }

  /** Makes one write. @throws where it is refused, or not in force in the gateway when it is answered */
  async enforced(method: string, path: string, body: object): Promise<void> {
    const answer = await this.#send(method, path, body);
    await answer.arrayBuffer();
    const enforced = answer.headers.get("x-postern-enforced");
    if (enforced !== "true") throw new Error(`${method} ${path} was answered with enforced: ${enforced}`);
  }

  async #send(method: string, path: string, body: object | undefined): Promise<Response> {
    const answer = await fetch(this.url(path), {
      method,
      headers: { "x-auth-token": this.admin.token, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was refused: ${await answer.text()}`);
    return answer;
  }

  /** Registers a cluster and returns its id. */
  async register(name: string, node: string): Promise<string> {
    const text = await this.call("POST", "/postern/v1/{pid}/clusters", { name, nodes: [node] });
    return (JSON.parse(text) as { id: string }).id;
  }
}

/** A node that answers at once, and its URL. */
export async function startNode(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((_request, response) => {
    response.end('{"version":{"number":"2.19.6","distribution":"opensearch"}}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
