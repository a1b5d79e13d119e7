import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { ApiGatewayError, errorBody } from "./errors.ts";

const json = "application/json; charset=utf-8";

/** What Node's parser refuses with a status of its own. */
const statusOfCode: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: "The request did not arrive in time" },
  HPE_HEADER_OVERFLOW: { status: 431, message: "The request headers are too large" },
};
const malformed = { status: 400, message: "The request is no valid HTTP" };

/**
 * Answers what is no HTTP request, and so reaches no route, in the words of every other refusal; then ends the
 * connection, for nobody knows where a next request would begin.
 */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, message } = statusOfCode[error.code ?? ""] ?? malformed;
  const body = JSON.stringify(errorBody(new ApiGatewayError(status, "APIGW.0201", message), requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `X-Request-Id: ${requestId}`,
    `Content-Type: ${json}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

/** Takes a request with an expectation that nobody knows for one without (RFC 9110 lets it): Node would answer 417. */
export function ignoreExpectations({ server }: FastifyInstance): void {
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    server.emit("request", request, response);
  });
}
