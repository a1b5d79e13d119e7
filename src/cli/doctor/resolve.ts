import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import type { NameAnswer, NameServerAnswer } from "./names.ts";

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
export async function resolveAt(server: string, name: string, timeoutMs: number): Promise<NameServerAnswer> {
  const ports = server.startsWith("127.") ? nameServerPorts : nameServerPorts.slice(0, 1);
  const answers = await Promise.all(
    ports.map(async (port) => {
      const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
      resolver.setServers([`${server}:${port}`]);
      return { ...(await answerOf(resolver.resolve4(name))), port };
    }),
  );
  // On port 53 of this machine may be somebody else's name server.
  const best = answers.find(({ addresses }) => addresses.length > 0) ?? answers.find(({ error }) => !error);
  return best ?? { addresses: [], error: answers[0]?.error ?? "ETIMEOUT", port: 53 };
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
