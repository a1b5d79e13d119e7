import { spawn } from "node:child_process";
import { once } from "node:events";
import { closedSet, closedText, openedText } from "./nft/closing.ts";
import { rulesetText, rulesetVersion } from "./nft/ruleset.ts";
import { tableName } from "./nft/schema.ts";
import type { Tables } from "./nft/tables.ts";

export interface LoadedRuleset {
  /** Whether tables of this version were there already. */
  readonly wasThere: boolean;
  /** Whether nothing passes until `openRuleset`. */
  readonly isClosed: boolean;
}

/**
 * Makes sure that the kernel has the rules of this version. Tables of the same version stay as they are: a table that
 * is replaced forgets how many sessions it counted. Tables of another version give way to empty ones, by which nothing
 * passes, at once.
 * @throws Error with what nft says
 */
export async function ensureRuleset(tables: Tables): Promise<LoadedRuleset> {
  if (tables.hasSet(`version_${rulesetVersion}`))
    return { wasThere: true, isClosed: tables.hasSet(closedSet) };
  const closing = closedText(carriedDevices(tables));
  await runNft(removal + rulesetText() + closing);
  return { wasThere: false, isClosed: closing !== "" };
}

/** Lets pass what the rules let pass. To be called when they have their elements. @throws Error with what nft says */
export async function openRuleset(): Promise<void> {
  await runNft(openedText);
}

/** Interfaces of networks that tables of another version know. */
function carriedDevices(tables: Tables): readonly string[] {
  if (!tables.hasSet("vpc_of_interface")) return [];
  return tables.list("vpc_of_interface").map(({ key }) => String(key[0]));
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
