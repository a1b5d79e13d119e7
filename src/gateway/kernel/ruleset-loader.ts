import { spawn } from "node:child_process";
import { once } from "node:events";
import { rulesetText, rulesetVersion } from "./nft/ruleset.ts";
import { tableName } from "./nft/schema.ts";
import type { Tables } from "./nft/tables.ts";

/**
 * Makes sure that the kernel has the rules of this version. Tables of the same version stay as they are: a table that
 * is replaced forgets how many sessions it counted.
 * @returns whether they were there already
 * @throws Error with what nft says
 */
export async function ensureRuleset(tables: Tables): Promise<boolean> {
  if (tables.hasSet(`version_${rulesetVersion}`)) return true;
  await runNft(removal + rulesetText());
  return false;
}

/** Takes everything that Postern ever put into nftables away. */
export async function removeRuleset(): Promise<void> {
  await runNft(removal);
}

/** Adding first makes deleting work whether they are there or not; all in one transaction with what follows. */
const removal = ["inet", "arp"]
  .map((family) => `add table ${family} ${tableName}\ndelete table ${family} ${tableName}\n`)
  .join("");

async function runNft(text: string): Promise<void> {
  const nft = spawn("nft", ["-f", "-"], { stdio: ["pipe", "ignore", "pipe"] });
  const complaints: Buffer[] = [];
  nft.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  nft.stdin.on("error", () => undefined);
  nft.stdin.end(text);
  const [code] = (await once(nft, "close")) as [number | null];
  if (code !== 0) throw new Error(`nft refused the rules: ${Buffer.concat(complaints).toString().trim()}`);
}
