import { STATUS_CODES } from "node:http";
import { PosternError } from "../domain/errors.ts";
import { ObstacleError, type Obstacle } from "../domain/import/obstacle.ts";
import { catalogue, codeOfParameter, type Protocol } from "./error-catalogue.ts";

/** An error as the wire carries it. */
export interface WireError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** What stands in the way of an import. */
  readonly obstacles?: readonly Obstacle[];
}

/** @param protocol which family of operations refuses */
export function wireError(error: PosternError, protocol: Protocol = "css"): WireError {
  if (protocol === "iam") return { ...identityError(error), message: error.message };
  const { status, code } = catalogue[error.kind][protocol];
  const special = protocol === "vpcep" && status === 400 ? codeOfParameter[error.parameter ?? ""] : undefined;
  const known = { status, code: special ?? code, message: error.message };
  return error instanceof ObstacleError ? { ...known, obstacles: error.obstacles } : known;
}

function identityError({ kind }: PosternError): { readonly status: number; readonly code: string } {
  const status = kind === "action_not_allowed" ? 403 : catalogue[kind].css.status;
  return { status, code: String(status) };
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

interface DescribedError extends WireError {
  readonly isUnexpected: boolean;
}

/**
 * Returns what the client is told. Anything unexpected becomes one opaque error: its text may hold secrets.
 * @returns `isUnexpected` where the error belongs in the log
 */
export function describeError(error: unknown, protocol: Protocol = "css"): DescribedError {
  if (error instanceof PosternError) return { ...wireError(error, protocol), isUnexpected: false };
  const described = describeFailure(error);
  if (protocol === "css" || !described.code.startsWith("CSS.")) return described;
  if (protocol === "iam") return { ...described, code: String(described.status) };
  return { ...described, code: described.status >= 500 ? "EndPoint.0001" : "EndPoint.0002" };
}

function describeFailure(error: unknown): DescribedError {
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
 * Returns the body: for the cloud's gateway its own shape, for the endpoint service two keys (contract section
 * 3.10), for the identity service Keystone's (section 4.1), else all four keys that one or the other client reads (section 5).
 */
export function errorBody(error: WireError, requestId: string, protocol: Protocol = "css"): object {
  if (error.code.startsWith("APIGW.")) {
    return { error_msg: error.message, error_code: error.code, request_id: requestId };
  }
  if (protocol === "iam") {
    const { status, message } = error;
    return { error: { code: status, message, title: STATUS_CODES[status] ?? "Error" } };
  }
  if (protocol === "vpcep") return { error_code: error.code, error_msg: error.message };
  return {
    errCode: error.code,
    externalMessage: `${error.code} : ${error.message}`,
    error_code: error.code,
    error_msg: error.message,
    request_id: requestId,
    ...(error.obstacles ? { obstacles: error.obstacles } : {}),
  };
}
