import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIPv6 } from "node:net";

export interface PostTarget {
  readonly url: URL;
  /** The one address that is connected to; what the URL's host means at that moment does not matter. */
  readonly address: string;
}

/** Answers are read up to here, so that the receiver can end them properly, and then cut. */
const answerLimitBytes = 64 * 1024;

/**
 * Posts JSON on a connection of its own. Follows no redirect, and returns nothing that the other side says but its status.
 * @param timeoutMs for the whole exchange
 * @returns the HTTP status
 * @throws Error with a message for people: `ECONNREFUSED`, `timeout after 10000 ms`, ...
 */
export function postJson(
  { url, address }: PostTarget,
  headers: Readonly<Record<string, string>>,
  body: string,
  timeoutMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const isTls = url.protocol === "https:";
    const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new Error(signal.aborted ? `timeout after ${timeoutMs} ms` : (error.code ?? error.message)));
    const request = (isTls ? httpsRequest : httpRequest)(
      {
        host: address,
        family: isIPv6(address) ? 6 : 4,
        port: url.port || (isTls ? 443 : 80),
        path: url.pathname + url.search,
        method: "POST",
        agent: false,
        signal,
        headers: {
          host: url.host,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          ...headers,
        },
        ...(isTls && name !== address ? { servername: name } : {}),
      },
      (response) => {
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > answerLimitBytes) response.destroy();
        });
        response.on("error", fail);
        response.on("close", () => resolve(response.statusCode ?? 0));
      },
    );
    request.on("error", fail);
    request.end(body);
  });
}
