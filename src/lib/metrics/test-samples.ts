import type { Slices } from "./family.ts";

/** The whole of an exposition. */
export async function textOf(...parts: readonly Slices[]): Promise<string> {
  const pieces: string[] = [];
  for (const part of parts) for await (const piece of part()) pieces.push(piece);
  return pieces.join("");
}

/**
 * Reads Prometheus' text format: every sample as `name{label="value",…}` with its labels sorted, and the help and type
 * of every family as `# HELP name` and `# TYPE name`.
 */
export function samplesOf(text: string): Record<string, string> {
  const samples = text.split("\n").flatMap((line): (readonly [string, string])[] => {
    if (line === "") return [];
    const [, comment, said = ""] = /^(# (?:HELP|TYPE) \S+) (.*)$/.exec(line) ?? [];
    if (comment !== undefined) return [[comment, said]];
    const [, name = "", labels = "", value = ""] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === "") throw new Error(`This is no line of the format: ${line}`);
    const sorted = (labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? []).toSorted();
    if (sorted.join(",").length !== labels.length) throw new Error(`These are no labels: ${labels}`);
    return [[sorted.length === 0 ? name : `${name}{${sorted.join(",")}}`, value]];
  });
  const read = Object.fromEntries(samples);
  if (Object.keys(read).length !== samples.length) throw new Error("A sample is there twice.");
  return read;
}
