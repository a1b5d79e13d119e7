import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { isAlive } from "../alive.ts";

const prefix = "pt-net-";
let made = 0;

/** Runs a program to its end, at most 30 s. @throws Error with what it wrote to standard error */
export function run(command: string, args: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: 30_000, maxBuffer: 50_000_000 };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new Error(`${command} ${args.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }),
        );
    });
    // A program that does not read its input to the end says itself what was wrong.
    child.stdin?.on("error", () => undefined).end(input);
  });
}

/** A network namespace with a name that tells whose it is. */
export class Namespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** @param role for people who look at the machine meanwhile */
  static async create(role: string): Promise<Namespace> {
    const namespace = new Namespace(`${prefix}${process.pid}-${++made}-${role}`);
    await run("ip", ["netns", "add", namespace.name]);
    await namespace.run("ip", ["link", "set", "lo", "up"]);
    return namespace;
  }

  /** What a command line begins with that is to run in the namespace. */
  get prefix(): readonly string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** Runs a program in the namespace to its end. @throws Error */
  run(command: string, args: readonly string[], input = ""): Promise<string> {
    return run("ip", ["netns", "exec", this.name, command, ...args], input);
  }

  /** Runs `ip ARGS` in the namespace; arguments are separated by single spaces. @throws Error */
  ip(line: string): Promise<string> {
    return run("ip", ["-netns", this.name, ...line.split(" ")]);
  }

  async sysctl(settings: Readonly<Record<string, number>>): Promise<void> {
    const args = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    await this.run("sysctl", ["--quiet", ...args]);
  }

  /** Removes the namespace; its interfaces go with it, and the other ends of its cables. */
  async remove(): Promise<void> {
    await run("ip", ["netns", "delete", this.name]);
  }
}

/** The namespaces of test runs that are on this machine now. */
export async function testNamespaces(): Promise<string[]> {
  const names = await readdir("/run/netns").catch(() => []);
  return names.filter((name) => name.startsWith(prefix));
}

/** Removes what test runs have left that died before they could do it. Returns the names. */
export async function sweepNamespaces(): Promise<string[]> {
  const orphans = (await testNamespaces()).filter((name) => !isAlive(Number(name.split("-")[2])));
  // Two runs may sweep at the same time.
  for (const name of orphans) await run("ip", ["netns", "delete", name]).catch(() => undefined);
  return orphans;
}
