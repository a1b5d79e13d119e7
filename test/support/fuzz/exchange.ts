import { connect } from "node:net";

/** The first answer on a connection. */
export type RawAnswer = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
};

/**
 * Sends bytes on a connection of their own and gives the first final answer; undefined where the server ended the connection
 * without one.
 * @param endsAfterwards half-closes once all is sent, as a client does that goes away
 * @throws Error when neither has come within `deadlineMs`
 */
export function exchange(
  { host, port }: { readonly host: string; readonly port: number },
  bytes: Buffer,
  deadlineMs: number,
  endsAfterwards = false,
): Promise<RawAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer within ${deadlineMs} ms`));
    }, deadlineMs);
    socket.on("data", (chunk) => chunks.push(chunk));
    // A server that has answered may reset the connection while the rest of a large request is still on its way.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(parseAnswer(Buffer.concat(chunks)));
    });
    if (endsAfterwards) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** Reads the first answer that is no interim one (1xx). */
function parseAnswer(bytes: Buffer): RawAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0);
  if (status >= 100 && status < 200) return parseAnswer(bytes.subarray(end + 4));
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(end + 4);
  const length = headers.get("content-length");
  if (headers.get("transfer-encoding") === "chunked") return { status, headers, body: unchunk(rest) };
  return { status, headers, body: length === undefined ? rest : rest.subarray(0, Number(length)) };
}

function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    const size = line < 0 ? 0 : Number.parseInt(bytes.subarray(at, line).toString("latin1"), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
