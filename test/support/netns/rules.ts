import type { Namespace } from "./namespace.ts";

/** Rules of one chain of Postern's: those whose text, as nft prints it, has `text` in it. */
export type RulePick = { readonly chain: string; readonly text: string; readonly family?: "arp" };

/**
 * Runs `work` while rules are missing from the gateway's tables, and puts all of them back where they were.
 * @throws Error when a pick fits no rule, and what `work` throws
 */
export async function withoutRules<Result>(
  gateway: Namespace,
  picks: readonly RulePick[],
  work: () => Promise<Result>,
): Promise<Result> {
  const chains = new Map(picks.map(({ chain, family = "inet" }) => [`${family} postern ${chain}`, chain]));
  const before = new Map<string, readonly string[]>();
  for (const chain of chains.keys()) before.set(chain, await rulesOf(gateway, chain));
  const reduced = [...before].map(([chain, rules]) => {
    const missing = picks.filter((pick) => pick.chain === chains.get(chain));
    for (const { text } of missing) {
      if (!rules.some((rule) => rule.includes(text)))
        throw new Error(`No rule of ${chain} has the text: ${text}. It has:\n${rules.join("\n")}`);
    }
    return [chain, rules.filter((rule) => !missing.some(({ text }) => rule.includes(text)))] as const;
  });
  await replace(gateway, reduced);
  try {
    return await work();
  } finally {
    await replace(gateway, [...before]);
  }
}

/** The rules of `FAMILY TABLE CHAIN`, first to last. */
export async function rulesOf(gateway: Namespace, chain: string): Promise<readonly string[]> {
  const listed = (await gateway.run("nft", ["list", "chain", ...chain.split(" ")])).split("\n");
  return listed
    .filter((line) => line.startsWith("\t\t"))
    .map((line) => line.trim())
    .filter((line) => !line.startsWith("type "));
}

/** In one transaction: no packet meets half a chain. */
async function replace(gateway: Namespace, chains: readonly (readonly [string, readonly string[]])[]) {
  const lines = chains.flatMap(([chain, rules]) => [
    `flush chain ${chain}`,
    ...rules.map((rule) => `add rule ${chain} ${rule}`),
  ]);
  await gateway.run("nft", ["-f", "-"], `${lines.join("\n")}\n`);
}
