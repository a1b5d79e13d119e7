import { Resolver } from "node:dns/promises";

const timeoutMs = 2_000;
const tries = 2;
/** The name is none, or has no such record. */
const absent = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Returns what the TXT records of a name say; nothing where it has none.
 * @throws Error with a message for people, where nobody answers
 */
export type TxtLookup = (name: string) => Promise<readonly string[]>;

/** @param servers `ADDRESS:PORT` of the resolvers to ask; the system's where it is left out */
export function txtLookup(servers?: readonly string[]): TxtLookup {
  return async (name) => {
    // A new one each time: the system's resolvers may have become others.
    const resolver = new Resolver({ timeout: timeoutMs, tries });
    if (servers) resolver.setServers([...servers]);
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (absent.has(code)) return [];
      throw new Error(`the resolver says ${message}`, { cause: error });
    }
  };
}
