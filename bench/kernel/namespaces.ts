import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { output } from "../proxy/children.ts";
import type { Children } from "../proxy/children.ts";
import type { Run } from "../proxy/tools.ts";

const patienceMs = 10_000;

/** The network namespaces of one bench; `end` deletes them. */
export class Namespaces {
  readonly #children: Children;
  readonly #names: string[] = [];

  constructor(children: Children) {
    this.#children = children;
  }

  /** Returns a new namespace with its loopback up, and the settings made. */
  async add(role: string, settings: Readonly<Record<string, string | number>> = {}): Promise<string> {
    const name = `pt-${process.pid}-${role}`;
    await output("ip", "netns", "add", name);
    this.#names.push(name);
    await output("ip", "-n", name, "link", "set", "lo", "up");
    for (const [key, value] of Object.entries({
      "net.ipv4.ip_local_port_range": "1024 65000",
      ...settings,
    })) {
      await this.run(name)("sysctl", "-qw", `${key}=${value}`);
    }
    return name;
  }

  /** Lays a cable between two namespaces. Each end gets its name and its addresses, with prefix length. */
  async connect(...ends: readonly [CableEnd, CableEnd]): Promise<void> {
    const [{ namespace, device }, far] = ends;
    const peer = ["peer", "name", far.device, "netns", far.namespace];
    await output("ip", "link", "add", device, "netns", namespace, "type", "veth", ...peer);
    for (const end of ends) {
      for (const address of end.addresses) {
        await output("ip", "-n", end.namespace, "address", "add", address, "dev", end.device);
      }
      await output("ip", "-n", end.namespace, "link", "set", end.device, "up");
    }
  }

  async route(namespace: string, destination: string, gateway: string): Promise<void> {
    await output("ip", "-n", namespace, "route", "add", destination, "via", gateway);
  }

  /** Runs programs to their end in a namespace. */
  run(namespace: string): Run {
    return (command, ...args) => output("ip", "netns", "exec", namespace, command, ...args);
  }

  /** Starts a server that stays. */
  start(namespace: string, command: string, ...args: readonly string[]): void {
    this.#children.start("ip", "netns", "exec", namespace, command, ...args);
  }

  /** Starts a program of ours that stays, to exchange messages with. */
  fork(namespace: string, file: string, ...args: readonly string[]): ChildProcess {
    const execArgv = ["netns", "exec", namespace, process.execPath];
    return this.#children.keep(
      fork(file, args, { execPath: "ip", execArgv, stdio: ["ignore", 2, 2, "ipc"] }),
    );
  }

  /** Resolves once something listens on the port. @throws after 10 s */
  async listening(namespace: string, port: number): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while ((await this.run(namespace)("ss", "-Hltn", `sport = :${port}`)).trim() === "") {
      if (performance.now() > deadline)
        throw new Error(`Nothing listens on port ${port} of ${namespace} after 10 s.`);
    }
  }

  /** To be called when the processes in them have ended. */
  async end(): Promise<void> {
    for (const name of this.#names) await output("ip", "netns", "delete", name);
  }
}

export interface CableEnd {
  readonly namespace: string;
  readonly device: string;
  readonly addresses: readonly string[];
}
