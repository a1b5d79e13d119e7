import type { FastifyRequest } from "fastify";
import { ApiGatewayError, notAuthenticated } from "./errors.ts";
import type { SignedRequest } from "./key-authentication.ts";
import { parseAuthorization, type SignatureHeader } from "./signature/authorization.ts";

/**
 * Returns the signature that a request carries, or null where it carries none.
 * @throws ApiGatewayError 401 APIGW.0301 where it looks like one and cannot be read
 */
export function readSignature(request: FastifyRequest): SignatureHeader | null {
  const { authorization } = request.headers;
  if (authorization === undefined || !/^(?:SDK|V11)-/.test(authorization)) return null;
  const signature = parseAuthorization(authorization);
  if (signature) return signature;
  throw notAuthenticated(
    "verify aksk signature fail, the Authorization header is malformed or not supported",
  );
}

/** @param body as it came, whatever was made of it since */
export function signedRequest(
  request: FastifyRequest,
  signature: SignatureHeader,
  body: Uint8Array,
): SignedRequest {
  const { headers, raw, params } = request;
  return {
    method: request.method,
    target: request.originalUrl,
    rawHeaders: raw.rawHeaders,
    body,
    signature,
    requestId: request.id,
    source: request.ip,
    sdkDate: text(headers["x-sdk-date"]),
    securityToken: text(headers["x-security-token"]),
    wantedProjects: [
      (params as { project_id?: string } | undefined)?.project_id,
      text(headers["x-project-id"]),
    ],
  };
}

/**
 * Reads a body that the framework did not: old official clients send `{}` with every GET (contract section 4.3).
 * @throws ApiGatewayError 413 APIGW.0201 from `limitBytes` on
 */
export async function readUnreadBody(request: FastifyRequest, limitBytes: number): Promise<Buffer> {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  // Without either there is none (RFC 9112, section 6.3), and nearly every GET is so.
  if (length === undefined && encoding === undefined) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let size = 0;
  // Destroying the stream would take the connection along, and with it the answer.
  const body = request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limitBytes) throw new ApiGatewayError(413, "APIGW.0201", "The request body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function text(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
