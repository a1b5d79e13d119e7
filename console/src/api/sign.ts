/** Returns the headers to send, with a signature over them. */
export type RequestSigner = (
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<Record<string, string>>;

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

const text = new TextEncoder();

/** SDK-HMAC-SHA256, as the official clients sign. The key stays in this page's memory. */
export function requestSigner({ id, secret }: AccessKey): RequestSigner {
  const key = crypto.subtle.importKey("raw", text.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return async (method, url, headers, body) => {
    const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const canonical = [
      method,
      canonicalPath(url.pathname),
      canonicalQuery(url.searchParams),
      `x-sdk-date:${date}`,
      "",
      "x-sdk-date",
      await sha256(body),
    ].join("\n");
    const toSign = `SDK-HMAC-SHA256\n${date}\n${await sha256(canonical)}`;
    const signature = hex(await crypto.subtle.sign("HMAC", await key, text.encode(toSign)));
    return {
      ...headers,
      "x-sdk-date": date,
      authorization: `SDK-HMAC-SHA256 Access=${id}, SignedHeaders=x-sdk-date, Signature=${signature}`,
    };
  };
}

function canonicalPath(path: string): string {
  const encoded = path
    .split("/")
    .map((segment) => encode(decodeURIComponent(segment)))
    .join("/");
  return encoded.endsWith("/") ? encoded : `${encoded}/`;
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .toSorted(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
}

/** By code units, before they are encoded: the same on both sides. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** RFC 3986: everything but unreserved characters. */
function encode(value: string): string {
  return encodeURIComponent(value).replaceAll(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function sha256(value: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", text.encode(value)));
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
