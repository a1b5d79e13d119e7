import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { UsageError } from "./cli-error.ts";
import { isJsonList, isJsonObject } from "./json.ts";

/** What the API takes in one request, with room for what is around the listing. */
const sizeLimitBytes = 1024 * 1024 - 1024;
const connectionsLimit = 1_000;

type Page = Readonly<Record<string, unknown>> & { readonly connections: readonly object[] };

/**
 * Reads saved pages of one listing and puts them together.
 * @param files paths; `-` is `stdin`
 * @throws UsageError where a file cannot be read, is no listing, is of another listing than the first, or all of them
 *   are more than the API takes at once
 */
export async function readListings(files: readonly string[], stdin: Readable): Promise<object> {
  const pages: Page[] = [];
  for (const file of files) pages.push(parsePage(file, await readText(file, stdin)));
  const [first = { connections: [] }, ...others] = pages;
  const { connections: ofFirst, ...common } = first;
  for (const [index, { connections: _, ...rest }] of others.entries()) {
    if (isDeepStrictEqual(rest, common)) continue;
    throw new UsageError(
      `${files[index + 1]} is no page of the same listing as ${files[0]}: they differ in more than their connections.`,
      "Save all pages again, one right after the other, with limit=1000.",
    );
  }
  const connections = [...ofFirst, ...others.flatMap((page) => page.connections)];
  const listing = { ...common, connections };
  const size = Buffer.byteLength(JSON.stringify(listing));
  if (connections.length <= connectionsLimit && size <= sizeLimitBytes) return listing;
  throw new UsageError(
    `The listing has ${connections.length} connections in ${size} bytes: one import takes ${connectionsLimit} connections and 1 MiB.`,
    "A larger one cannot be imported.",
  );
}

function parsePage(file: string, text: string): Page {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw noListing(file, "it is no JSON");
  }
  if (!isJsonObject(value)) throw noListing(file, "it is no JSON object");
  const { connections } = value;
  if (!isJsonList(connections)) throw noListing(file, 'it has no list "connections"');
  return { ...value, connections };
}

function noListing(file: string, why: string): UsageError {
  return new UsageError(
    `${file} is no saved listing: ${why}.`,
    "Save the body of GET /v1.0/PROJECT/clusters/CLUSTER/vpcepservice/connections?limit=1000.",
  );
}

async function readText(file: string, stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of file === "-" ? stdin : createReadStream(file)) {
      const bytes = Buffer.from(chunk as Uint8Array | string);
      size += bytes.length;
      // White space may make a file larger than what is sent.
      if (size > 4 * sizeLimitBytes) throw new Error("it is larger than 4 MiB");
      chunks.push(bytes);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `${file} cannot be read: ${reason}.`,
      "Name the file that the listing was saved to.",
    );
  }
  return Buffer.concat(chunks).toString("utf8");
}
