import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DesiredEndpoint } from "../../src/domain/desired.ts";
import type { EndpointId } from "../../src/domain/ids.ts";
import type { ApplyReport } from "../../src/gateway/engine.ts";
import { accepting } from "./children.ts";
import type { Children } from "./children.ts";
import { nginxStreamModule } from "./tools.ts";
import type { ToolName } from "./tools.ts";

export const httpPort = 9200;
export const bulkPort = 5201;
const mostSessions = 8_000;

/** One way from the load to a node. */
export interface Contender {
  readonly name: "direct" | "postern" | "haproxy" | "nginx";
  readonly address: string;
  /** Its first process, or null for the direct way. */
  readonly child: ChildProcess | null;
}

/** Ours, which can also be told to reject. */
export interface PosternContender extends Contender {
  apply(refused: boolean): Promise<void>;
}

/**
 * Addresses of one run. Every contender has nodes of its own, so that the connections in TIME_WAIT
 * that one leaves behind do not slow down the next.
 */
export class Addresses {
  readonly #network = `127.${randomInt(50, 100)}.${randomInt(256)}`;

  contender(index: number): string {
    return `${this.#network}.${10 + index}`;
  }

  node(index: number): string {
    return `${this.#network}.${20 + index}`;
  }
}

/** Starts the nodes (an HTTP server that answers about 90 bytes, and a sink for bulk). */
export async function startNodes(children: Children, hosts: readonly string[]): Promise<void> {
  const config = nodeConfig(children.directory, hosts);
  const file = join(children.directory, "node.conf");
  await writeFile(file, config);
  children.start("nginx", "-p", children.directory, "-e", "stderr", "-c", file);
  for (const host of hosts) {
    children.start("iperf3", "--server", "--bind", host, "--port", String(bulkPort));
    await Promise.all([accepting(host, httpPort), accepting(host, bulkPort)]);
  }
}

export async function startContenders(
  children: Children,
  addresses: Addresses,
  available: ReadonlySet<ToolName>,
): Promise<{ contenders: Contender[]; postern: PosternContender }> {
  const postern = await startPostern(children, addresses.contender(1), addresses.node(1));
  const contenders: Contender[] = [{ name: "direct", address: addresses.node(0), child: null }, postern];
  if (available.has("haproxy")) {
    contenders.push(await startHaproxy(children, addresses.contender(2), addresses.node(2)));
  }
  contenders.push(await startNginx(children, addresses.contender(3), addresses.node(3)));
  return { contenders, postern };
}

async function startPostern(children: Children, address: string, node: string): Promise<PosternContender> {
  const child = children.keep(fork(join(import.meta.dirname, "engine-process.ts")));
  const endpoints = (refused: boolean): DesiredEndpoint[] =>
    [httpPort, bulkPort].map((port) => ({
      id: `bench-${port}` as EndpointId,
      address,
      clientPorts: [port],
      maxSession: mostSessions,
      refusal: refused ? "not_accepted" : null,
      nodes: [{ host: node, port }],
    }));
  const apply = async (refused: boolean): Promise<void> => {
    const answered = once(child, "message");
    child.send(endpoints(refused));
    const [report] = (await answered) as [ApplyReport];
    if (report.failures.length > 0) throw new Error(report.failures.map(({ message }) => message).join(" "));
  };
  await apply(false);
  return { name: "postern", address, child, apply };
}

async function startHaproxy(children: Children, address: string, node: string): Promise<Contender> {
  const config = haproxyConfig(address, [node]);
  const file = join(children.directory, "haproxy.cfg");
  await writeFile(file, config);
  const child = children.start("haproxy", "-db", "-q", "-f", file);
  await accepting(address, httpPort);
  return { name: "haproxy", address, child };
}

async function startNginx(children: Children, address: string, node: string): Promise<Contender> {
  const config = nginxStreamConfig(address, [node]);
  const file = join(children.directory, "stream.conf");
  await writeFile(file, config);
  const child = children.start("nginx", "-p", children.directory, "-e", "stderr", "-c", file);
  await accepting(address, httpPort);
  return { name: "nginx", address, child };
}

/** Returns nginx's configuration of nodes that answer about 90 bytes. */
export function nodeConfig(directory: string, hosts: readonly string[]): string {
  const listens = hosts.map((host) => `listen ${host}:${httpPort} backlog=4096;`).join(" ");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(directory, kind)};`)
    .join(" ");
  return `daemon off; worker_processes 1; pid node.pid; error_log stderr crit;
    events { worker_connections 16000; }
    http { access_log off; ${temporary} keepalive_requests 100000000; keepalive_timeout 600s; server_tokens off;
      server { ${listens} location / { default_type text/plain; return 200 "ok\\n"; } } }`;
}

/** Returns HAProxy's configuration of both ports of an address, balanced over nodes. */
export function haproxyConfig(address: string, nodes: readonly string[]): string {
  const proxies = [httpPort, bulkPort].map(
    (port) => `
frontend f${port}
  bind ${address}:${port}
  tcp-request connection reject if { fe_conn gt ${mostSessions} }
  default_backend b${port}
backend b${port}
${nodes.map((node, index) => `  server n${index} ${node}:${port}`).join("\n")}`,
  );
  return `global
  nbthread 2
  maxconn ${mostSessions}
defaults
  mode tcp
  maxconn ${mostSessions}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
${proxies.join("")}
`;
}

/** Returns the configuration of nginx's stream module for both ports of an address, balanced over nodes. */
export function nginxStreamConfig(address: string, nodes: readonly string[]): string {
  const servers = [httpPort, bulkPort].map(
    (port) => `upstream u${port} { ${nodes.map((node) => `server ${node}:${port};`).join(" ")} }
      server { listen ${address}:${port} backlog=4096; proxy_pass u${port};
      proxy_buffer_size 64k; proxy_timeout 1h; proxy_connect_timeout 5s; limit_conn sessions ${mostSessions}; }`,
  );
  return `load_module ${nginxStreamModule};
    daemon off; worker_processes 2; pid stream.pid; error_log stderr crit;
    events { worker_connections ${mostSessions}; }
    stream { limit_conn_zone $server_port zone=sessions:1m; ${servers.join("\n")} }`;
}
