import type { IncomingMessage, ServerResponse } from "node:http";

export type NodeIdentity = { readonly name: string; readonly engine: string; readonly version: string };

/** What the node does with the requests that come from now on. */
export type NodeBehaviour = {
  /** Status of every answer; default 200. A health check sees it too. */
  status: number;
  /** Body of every answer as JSON; default: what an OpenSearch node says at `/`, and an echo elsewhere. */
  body: unknown;
  /** Pause before every answer, in milliseconds. */
  delayMs: number;
  /** `hang` takes requests and never answers; `reset` cuts the connection at each request. */
  fault: "none" | "hang" | "reset";
  /** Requests without these credentials get 401. */
  credentials: { readonly username: string; readonly password: string } | undefined;
};

function greeting({ name, engine, version }: NodeIdentity): unknown {
  const flavour = engine === "opensearch" ? { distribution: "opensearch" } : { build_flavor: "default" };
  const number = { ...flavour, number: version, build_type: "test" };
  return {
    name,
    cluster_name: "test",
    cluster_uuid: "test",
    version: number,
    tagline: `A ${engine} node of the tests`,
  };
}

function isAuthorised(request: IncomingMessage, credentials: NodeBehaviour["credentials"]): boolean {
  if (!credentials) return true;
  const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return request.headers.authorization === `Basic ${expected}`;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

/** Sends as fast as the other side reads, until it goes away: for tests that cut a transfer in full flight. */
function sendForEver(response: ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, 120);
  const fill = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.writeHead(200, { "Content-Type": "application/octet-stream" }).on("drain", fill);
  fill();
}

/** Answers one request as the node of that name and behaviour does. */
export function answerRequest(
  identity: NodeIdentity,
  behaviour: NodeBehaviour,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): void {
  if (behaviour.fault === "hang") return;
  if (!isAuthorised(request, behaviour.credentials)) {
    sendJson(response, 401, { error: "credentials are missing or wrong", status: 401 });
    return;
  }
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/_stream") sendForEver(response);
  else if (behaviour.body !== undefined) sendJson(response, behaviour.status, behaviour.body);
  else if (path === "/") sendJson(response, behaviour.status, greeting(identity));
  else sendJson(response, behaviour.status, { node: identity.name, method: request.method, path, body });
}
