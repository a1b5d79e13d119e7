import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { NameAnswer } from "./names.ts";

const noSuchName = new Set(["ENOTFOUND", "ENODATA"]);
/** Where gateways answer for private names; the second one on loopback networks without privileges. */
const nameServerPorts = [53, 5_300];

/**
 * Asks the system's resolver, as every program of this machine does (getaddrinfo).
 * @param host a name, or an address, which resolves to itself in its own family
 */
export async function resolveBySystem(host: string, family: 4 | 6, timeoutMs: number): Promise<NameAnswer> {
  if (isIP(host) !== 0) return { addresses: isIP(host) === family ? [host] : [] };
  const answer = lookup(host, { family, all: true }).then((found) => found.map(({ address }) => address));
  return answerOf(withTimeout(answer, timeoutMs));
}

/** Asks the name server of a network itself, for IPv4 addresses. */
export async function resolveAt(server: string, name: string, timeoutMs: number): Promise<NameAnswer> {
  const ports = server.startsWith("127.") ? nameServerPorts : nameServerPorts.slice(0, 1);
  const answers = ports.map(async (port) => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
    resolver.setServers([`${server.includes(":") ? `[${server}]` : server}:${port}`]);
    return answerOf(resolver.resolve4(name));
  });
  const [first = { addresses: [], error: "ETIMEOUT" }, ...others] = await Promise.all(answers);
  return others.find(({ error }) => first.error !== undefined && error === undefined) ?? first;
}

async function answerOf(pending: Promise<string[]>): Promise<NameAnswer> {
  try {
    return { addresses: [...new Set(await pending)] };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return noSuchName.has(code) ? { addresses: [] } : { addresses: [], error: code };
  }
}

/** getaddrinfo has no time limit of its own, and goes on in its thread. */
async function withTimeout<Value>(pending: Promise<Value>, timeoutMs: number): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error("no answer"), { code: "ETIMEOUT" })), timeoutMs);
  });
  try {
    return await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}
