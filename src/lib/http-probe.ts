import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { FairTimeout } from "./fair-timeout.ts";

export interface ProbeTarget {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** The name that the node goes by, for `Host` and its certificate; default: `host`. */
  readonly name?: string;
  readonly authorization?: string;
  /** PEM. */
  readonly ca?: string;
  readonly insecureSkipVerify: boolean;
}

export interface ProbeAnswer {
  readonly status: number;
  /** The first bytes of the body, as text. */
  readonly body: string;
}

const bodyLimitBytes = 64 * 1024;

/**
 * Asks a node over HTTP, on a connection of its own.
 * @param timeoutMs for the whole exchange; time in which this process stood still does not count
 * @throws Error with a message for people: `ECONNREFUSED`, `timeout after 2000 ms`, ...
 */
export function probe(target: ProbeTarget, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((resolve, reject) => {
    const send = target.scheme === "https" ? httpsRequest : httpRequest;
    const timeout = new FairTimeout(timeoutMs);
    const { signal } = timeout;
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new Error(signal.aborted ? `timeout after ${timeoutMs} ms` : (error.code ?? error.message)));
    const request = send(
      {
        host: target.host,
        port: target.port,
        path: target.path,
        agent: false,
        signal,
        headers: {
          ...(target.name === undefined ? {} : { host: `${target.name}:${target.port}` }),
          ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
        },
        ...(target.scheme === "https"
          ? {
              rejectUnauthorized: !target.insecureSkipVerify,
              ...(target.ca === undefined ? {} : { ca: target.ca }),
              ...(target.name === undefined ? {} : { servername: target.name }),
            }
          : {}),
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
          if (body.length > bodyLimitBytes) response.destroy(new Error("answer too large"));
        });
        response.on("error", fail);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    request.on("error", fail);
    request.on("close", () => timeout.clear());
    request.end();
  });
}
