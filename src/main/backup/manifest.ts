import { hash } from "node:crypto";
import { isJsonObject } from "../../cli/json.ts";
import type { DatabaseFacts } from "../../store/online-copy.ts";

/** Files of a data directory that a backup has. Without the key nothing that is sealed could be read again. */
export const partNames = ["postern.db", "secret.key", "admin.json"] as const;
export type PartName = (typeof partNames)[number];
export const manifestName = "manifest.json";
/** More than any part but the database has. */
export const smallPartLimitBytes = 64 * 1024;

export interface Part {
  readonly name: PartName;
  readonly bytes: number;
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
}

/** Says what a backup holds; the first file in it. */
export interface Manifest extends DatabaseFacts {
  readonly format: 1;
  readonly product: "postern";
  /** Version of the Postern that made it. */
  readonly version: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly parts: readonly Part[];
}

/** Returns the text of a manifest, with a hash of the rest in its last field. */
export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, sha256: hashOf(manifest) }, null, 2)}\n`;
}

function hashOf(manifest: object): string {
  return hash("sha256", JSON.stringify(manifest));
}

/** @throws Error that says what is wrong with it */
export function parseManifest(text: string): Manifest {
  const value = readJson(text);
  if (!isJsonObject(value) || value["product"] !== "postern") throw new Error("it is no backup of Postern");
  const { sha256, ...manifest } = value;
  const { format, version, createdAt, schema, revision, lineage, parts } = manifest;
  if (format !== 1) {
    throw new Error(
      `it has format ${String(format)}, and Postern ${String(version)} made it: use that version`,
    );
  }
  const isWhole =
    sha256 === hashOf(manifest) &&
    typeof version === "string" &&
    typeof createdAt === "string" &&
    typeof lineage === "string" &&
    Number.isSafeInteger(schema) &&
    Number.isSafeInteger(revision) &&
    Array.isArray(parts) &&
    parts.length <= partNames.length &&
    parts.every(isPart);
  if (!isWhole) throw new Error("its manifest is damaged");
  return manifest as unknown as Manifest;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("its manifest is no JSON");
  }
}

function isPart(value: unknown): value is Part {
  return (
    isJsonObject(value) &&
    partNames.some((name) => name === value["name"]) &&
    Number.isSafeInteger(value["bytes"]) &&
    /^[0-9a-f]{64}$/.test(String(value["sha256"]))
  );
}
