import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { FakeModel, FakeRefusal } from "./fake-model.ts";
import { routeOf } from "./fake-routes.ts";
import type { FakeBody, SeenRequest } from "./fake-routes.ts";
import { isJsonObject } from "./json.ts";

/** The public API on a real socket, over a small working model, so that the CLI is tested through HTTP. */
export class FakeApi {
  readonly model = new FakeModel();
  readonly token = "fake-token";
  readonly projectId = "fedcba9876543210fedcba9876543210";
  /** Every request that passed authentication, oldest first. */
  readonly seen: SeenRequest[] = [];
  /** Whether it is of a version that has dry runs. */
  knowsDryRuns = true;
  /** What writes say of the gateways. */
  enforced: "true" | "pending" = "true";
  /** Runs before each request is handled: the place for somebody else's concurrent change. */
  before: (request: SeenRequest) => void = () => {};
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        const known = error instanceof FakeRefusal ? error : new FakeRefusal(500, "CSS.0005", String(error));
        send(response, known.status, { ...errorBody(known.code, known.message), ...known.details });
      });
    });
  }

  static async start(): Promise<FakeApi> {
    const fake = new FakeApi();
    fake.#server.listen(0, "127.0.0.1");
    await once(fake.#server, "listening");
    return fake;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The fake does not listen.");
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** Returns the requests that were not reads, as `METHOD /path`. */
  writes(): string[] {
    return this.seen.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    response.setHeader("x-request-id", "fake-request-id");
    if (request.headers["x-auth-token"] !== this.token) {
      send(response, 401, {
        error_code: "APIGW.0301",
        error_msg: "decrypt token fail",
        request_id: "fake-request-id",
      });
      return;
    }
    const url = new URL(request.url ?? "/", this.url);
    const body = parseBody(sent);
    const seen = { method: request.method ?? "", path: url.pathname, headers: request.headers, body };
    this.seen.push(seen);
    this.before(seen);
    if (this.knowsDryRuns && request.headers["x-postern-dry-run"] === "true") {
      response.setHeader("x-postern-dry-run", "true");
      send(response, 200, planOf(this.model));
      return;
    }
    const reply = routeOf(this.model, this.projectId, seen, url.searchParams);
    if (reply.etag !== undefined) response.setHeader("etag", reply.etag);
    if (reply.severed !== undefined) response.setHeader("x-postern-enforced", this.enforced);
    if ((reply.severed ?? 0) > 0) response.setHeader("x-postern-severed", String(reply.severed));
    send(response, reply.status ?? 200, reply.body);
  }
}

/** Every endpoint would be cut: enough of a plan for the CLI to show. */
function planOf({ endpoints }: FakeModel): object {
  return {
    dry_run: true,
    endpoints: endpoints.map(({ id, accountId, sessions }) => ({
      id,
      account_id: accountId,
      effect: "cut",
      sessions,
    })),
    sessions_cut: endpoints.reduce((sum, { sessions }) => sum + sessions, 0),
    accounts_losing_access: [...new Set(endpoints.map(({ accountId }) => accountId))],
  };
}

function errorBody(code: string, message: string): object {
  return { errCode: code, externalMessage: `${code} : ${message}`, error_code: code, error_msg: message };
}

function send(response: ServerResponse, status: number, body: object | undefined): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json");
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function parseBody(sent: string): FakeBody {
  const value: unknown = sent === "" ? {} : JSON.parse(sent);
  return isJsonObject<FakeBody>(value) ? value : {};
}
