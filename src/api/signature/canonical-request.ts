import { hash } from "node:crypto";
import { compareText } from "../../lib/compare-text.ts";

/** What of a request its signature covers. */
export interface SignableRequest {
  readonly method: string;
  /** Path and query as they came, escapes and all. */
  readonly target: string;
  /** Name and value in turn, as they came: repeated headers matter. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
}

const contentHashHeader = "x-sdk-content-sha256";
export const unsignedPayload = "UNSIGNED-PAYLOAD";
/** SHA-256 of nothing: most requests have no body. */
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/**
 * How a client writes the path. Most encode the decoded path; the Node SDK encodes the path as it is, so that an escape
 * is escaped again (contract section 4.3).
 */
export type PathEncoding = "decoded" | "as it is";

/**
 * Returns the canonical request (contract section 4.3) over the headers that the client chose.
 * @param signedHeaders lower-case names in the client's order
 */
export function canonicalRequest(
  request: SignableRequest,
  signedHeaders: readonly string[],
  pathEncoding: PathEncoding,
): string {
  const [path = "", query = ""] = splitOnce(request.target, "?");
  return [
    request.method,
    canonicalPath(path, pathEncoding),
    canonicalQuery(query),
    canonicalHeaders(request.rawHeaders, signedHeaders),
    signedHeaders.join(";"),
    payloadHash(request),
  ].join("\n");
}

/** Whether the two ways of writing the path differ for this request. */
export function isPathAmbiguous(target: string): boolean {
  return splitOnce(target, "?")[0]?.includes("%") ?? false;
}

/** Whether a hash that the client sent along is the body's. Without one, or with an unsigned payload, there is nothing to check. */
export function isContentHashTrue(request: SignableRequest): boolean {
  const claimed = headerValues(request.rawHeaders, contentHashHeader)[0]?.trim();
  return claimed === undefined || claimed === unsignedPayload || claimed === bodyHash(request.body);
}

function payloadHash(request: SignableRequest): string {
  return headerValues(request.rawHeaders, contentHashHeader)[0]?.trim() ?? bodyHash(request.body);
}

function bodyHash(body: Uint8Array): string {
  return body.length === 0 ? emptyHash : hash("sha256", body);
}

/** Every segment encoded, and always a slash at the end. */
function canonicalPath(path: string, encoding: PathEncoding): string {
  const segments = path
    .split("/")
    .map((segment) => encode(encoding === "decoded" ? decode(segment) : segment));
  const joined = segments.join("/");
  return joined.endsWith("/") ? joined : `${joined}/`;
}

function canonicalQuery(query: string): string {
  if (query === "") return "";
  const pairs = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => splitOnce(pair.replaceAll("+", " "), "=").map(decode));
  return pairs
    .toSorted(
      ([keyA = "", valueA = ""], [keyB = "", valueB = ""]) =>
        compareText(keyA, keyB) || compareText(valueA, valueB),
    )
    .map(([key = "", value = ""]) => `${encode(key)}=${encode(value)}`)
    .join("&");
}

function canonicalHeaders(rawHeaders: readonly string[], names: readonly string[]): string {
  let block = "";
  for (const name of names) {
    for (const value of headerValues(rawHeaders, name).toSorted(compareText))
      block += `${name}:${value.trim()}\n`;
  }
  return block;
}

function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? "");
  }
  return values;
}

/** Nearly every part of a path or query is like this, and its own encoding. */
const unreserved = /^[A-Za-z0-9._~-]*$/;

/** RFC 3986: everything but unreserved characters, with upper-case hex digits. */
function encode(text: string): string {
  if (unreserved.test(text)) return text;
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A text that is no valid escape sequence stands for itself: it will not match any signature, and must not throw. */
function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
