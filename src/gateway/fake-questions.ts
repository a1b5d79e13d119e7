import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { GatewayAnswer, GatewayQuestion } from "../domain/gateway-question.ts";
import { gatewayId } from "../domain/test-fixtures.ts";
import { startTestNode } from "../lib/test-node.ts";
import type { GatewayCredentials } from "./server-client.ts";

/** The server's side of questions and answers, over real HTTP. */
export class FakeQuestions {
  /** Whether the server is of a version that asks. */
  asks = true;
  /** Polls so far. */
  polls = 0;
  /** Polls that are to be answered with a fault. */
  faults = 0;
  /** By the question's id. */
  readonly answers = new Map<string, GatewayAnswer>();
  readonly #queue: { readonly id: string; readonly question: GatewayQuestion }[] = [];
  #waiting: ServerResponse | undefined;
  #port = 0;

  static async start(): Promise<FakeQuestions> {
    const server = new FakeQuestions();
    const node = await startTestNode((request, response) => void server.#handle(request, response));
    server.#port = node.port;
    return server;
  }

  get credentials(): GatewayCredentials {
    return { endpoint: `http://127.0.0.1:${this.#port}`, gatewayId, token: "postern_gateway" };
  }

  ask(id: string, question: GatewayQuestion): void {
    this.#queue.push({ id, question });
    if (this.#waiting) this.#post(this.#waiting);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "", "http://x");
    const base = `/postern/v1/gateways/${gatewayId}`;
    const body = await text(request);
    if (!this.asks || request.headers["x-auth-token"] !== "postern_gateway") {
      this.polls += 1;
      response.writeHead(404).end();
    } else if (pathname === `${base}/questions`) this.#poll(response);
    else {
      this.answers.set(pathname.slice(`${base}/answers/`.length), JSON.parse(body) as GatewayAnswer);
      response.writeHead(204).end();
    }
  }

  #poll(response: ServerResponse): void {
    this.polls += 1;
    if (this.faults > 0) {
      this.faults -= 1;
      response.writeHead(500).end();
    } else this.#post(response);
  }

  #post(response: ServerResponse): void {
    const posted = this.#queue.shift();
    this.#waiting = posted ? undefined : response;
    if (posted) response.end(JSON.stringify(posted));
  }
}
