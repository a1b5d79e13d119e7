/**
 * How the bytes of a body reach the server: `plain` with their length, `chunked`, `cut` (fewer than announced, then
 * the end), `surplus` (more than announced) or `unannounced`.
 */
export type Framing = "plain" | "chunked" | "cut" | "surplus" | "unannounced";

/** One request as data. Text may hold `{{kind:number}}` for a value that is known to exist (see KnownValues). */
export type FuzzRequest = {
  readonly operation: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
  /** `latin1`: every character of the body is one byte, so that it can be no valid UTF-8; `utf8` without it. */
  readonly encoding?: "latin1";
  readonly framing?: Framing;
};

/** The bytes that go over the wire. @param fill replaces the placeholders */
export function requestBytes(request: FuzzRequest, host: string, fill: (text: string) => string): Buffer {
  const { method, target, headers, framing = "plain" } = request;
  const body = bodyBytes(request, fill);
  const lines = [
    `${method} ${fill(target)} HTTP/1.1`,
    `Host: ${host}`,
    "Connection: close",
    ...headers.map(([name, value]) => `${name}: ${fill(value)}`),
  ];
  if (body && framing === "chunked") lines.push("Transfer-Encoding: chunked");
  else if (body && framing !== "unannounced")
    lines.push(`Content-Length: ${announced(body.length, framing)}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "utf8");
  return body ? Buffer.concat([head, framing === "chunked" ? chunked(body) : body]) : head;
}

function bodyBytes({ body, encoding }: FuzzRequest, fill: (text: string) => string): Buffer | undefined {
  return body === undefined ? undefined : Buffer.from(fill(body), encoding ?? "utf8");
}

function announced(length: number, framing: Framing): number {
  if (framing === "cut") return length + 100;
  return framing === "surplus" ? Math.floor(length / 2) : length;
}

/** In three chunks, so that no chunk is the whole. */
function chunked(body: Buffer): Buffer {
  const size = Math.max(1, Math.ceil(body.length / 3));
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}
