import type { ErrorKind } from "../domain/errors.ts";
import { PosternError } from "../domain/errors.ts";

/** An error as the wire carries it. */
export interface WireError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Published code of everything that can be refused (contract sections 3.10 and 5). */
const catalogue: Record<ErrorKind, { readonly status: number; readonly code: string }> = {
  account_not_allowed: { status: 400, code: "EndPoint.2012" },
  already_in_use: { status: 409, code: "EndPoint.3006" },
  bad_parameter: { status: 400, code: "CSS.0001" },
  cluster_exists: { status: 409, code: "CSS.0031" },
  cluster_not_found: { status: 403, code: "CSS.0015" },
  empty_body: { status: 400, code: "CSS.0006" },
  forbidden: { status: 403, code: "CSS.5045" },
  missing_parameter: { status: 400, code: "CSS.5037" },
  nodes_unreachable: { status: 400, code: "CSS.6000" },
  not_authorized_for_project: { status: 403, code: "CSS.0015" },
  out_of_range: { status: 400, code: "CSS.5038" },
  pool_exhausted: { status: 400, code: "CSS.0064" },
  precondition_failed: { status: 412, code: "CSS.5090" },
  resource_not_found: { status: 404, code: "CSS.0016" },
  service_already_open: { status: 409, code: "CSS.0031" },
  service_not_enabled: { status: 400, code: "CSS.5182" },
  state_forbids: { status: 400, code: "CSS.5090" },
  unsupported: { status: 400, code: "CSS.5140" },
  vpc_not_found: { status: 400, code: "CSS.5021" },
};

export function wireError(error: PosternError): WireError {
  return { ...catalogue[error.kind], message: error.message };
}

/** A request that never reaches an operation, refused as the cloud's own API gateway does (contract section 4.5). */
export class ApiGatewayError extends Error implements WireError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiGatewayError";
    this.status = status;
    this.code = code;
  }
}

export const apiNotFound = (): ApiGatewayError =>
  new ApiGatewayError(
    404,
    "APIGW.0101",
    "The API does not exist or has not been published in the environment",
  );

export const notAuthenticated = (reason: string): ApiGatewayError =>
  new ApiGatewayError(401, "APIGW.0301", `Incorrect IAM authentication information: ${reason}`);

/** What Fastify refuses before a handler runs, by its own error code. */
const frameworkErrors: Readonly<Record<string, { status: number; code: string; message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: "APIGW.0201", message: "The request body is too large" },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: "CSS.0004",
    message: "Invalid operation. Send the body as application/json",
  },
  FST_ERR_CTP_INVALID_JSON_BODY: {
    status: 400,
    code: "CSS.0001",
    message: "The request body is no valid JSON",
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: "APIGW.0201",
    message: "The Content-Length header does not match the body",
  },
  FST_ERR_BAD_URL: { status: 400, code: "APIGW.0201", message: "The request path is no valid URL" },
};

/**
 * Returns what the client is told. Anything unexpected becomes one opaque error: its text may hold secrets.
 * @returns `isUnexpected` where the error belongs in the log
 */
export function describeError(error: unknown): WireError & { readonly isUnexpected: boolean } {
  if (error instanceof PosternError) return { ...wireError(error), isUnexpected: false };
  if (error instanceof ApiGatewayError) {
    return { status: error.status, code: error.code, message: error.message, isUnexpected: false };
  }
  const known = frameworkErrors[(error as { code?: string } | null)?.code ?? ""];
  if (known) return { ...known, isUnexpected: false };
  const status = (error as { statusCode?: number } | null)?.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    return { status, code: "CSS.0001", message: "The request is malformed", isUnexpected: false };
  }
  return {
    status: 500,
    code: "CSS.0005",
    message: "Server error. The log has more under this request id",
    isUnexpected: true,
  };
}

/**
 * Returns the body: for the cloud's gateway its own shape, else all four keys that one or the other client
 * reads (contract section 5).
 */
export function errorBody(error: WireError, requestId: string): Readonly<Record<string, string>> {
  if (error.code.startsWith("APIGW.")) {
    return { error_msg: error.message, error_code: error.code, request_id: requestId };
  }
  return {
    errCode: error.code,
    externalMessage: `${error.code} : ${error.message}`,
    error_code: error.code,
    error_msg: error.message,
    request_id: requestId,
  };
}
