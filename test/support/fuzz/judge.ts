import { Compile } from "typebox/compile";
import type { DescribedOperation } from "./description.ts";
import type { RawAnswer } from "./exchange.ts";
import type { FuzzRequest } from "./request.ts";

/** Server errors that are published as the typed answer of an operation; each with 504. */
const publishedGatewayErrors = ["EndPoint.0011", "EndPoint.0012", "EndPoint.0013"];

const gatewayKeys = ["error_code", "error_msg", "request_id"];
const cssKeys = ["errCode", "error_code", "error_msg", "externalMessage", "request_id"];
/** Keys of an error's body, sorted, by the family of the operation that refuses. */
const errorKeys: Readonly<Record<string, readonly string[]>> = {
  css: cssKeys,
  postern: cssKeys,
  vpcep: ["error_code", "error_msg"],
  iam: ["error"],
};

/**
 * What is wrong with an answer; nothing where all is well.
 * @param isIntact whether the request has the method and path of its operation, which then answers in its own way
 */
export function faultsOf(
  operation: DescribedOperation,
  sent: FuzzRequest,
  answer: RawAnswer,
  isIntact: boolean,
): string[] {
  const { status, headers, body } = answer;
  const faults: string[] = [];
  const text = body.toString("utf8");
  const parsed = parse(text);
  if (status < 200 || status >= 500) {
    const isPublished = status === 504 && publishedGatewayErrors.includes(codeOf(parsed));
    if (!isPublished) faults.push(`status ${status}: ${text.slice(0, 200)}`);
  }
  if (!headers.get("x-request-id")) faults.push("no X-Request-Id");
  const isOther = status < 300 && operation.isOther;
  const hasBody = text !== "" && sent.method !== "HEAD" && !isOther;
  if (hasBody && parsed === undefined) faults.push(`a body that is no JSON: ${text.slice(0, 200)}`);
  if (hasBody && headers.get("content-type") !== "application/json; charset=utf-8") {
    faults.push(`content type ${headers.get("content-type")}`);
  }
  if (hasStackFrame(text)) faults.push(`a stack trace: ${text.slice(0, 200)}`);
  if (status >= 400 && sent.method !== "HEAD")
    faults.push(...errorFaults(operation, parsed, headers, isIntact));
  if (status < 300 && isIntact && operation.success && hasBody && !Compile(operation.success).Check(parsed)) {
    faults.push(`an answer that is not as described: ${text.slice(0, 200)}`);
  }
  return faults;
}

/**
 * Whether `text` shows a frame of V8's stack trace, `at name (place:line:column)` or `at place:line:column`, where the
 * place is a module. A time of day alone, `at 2026-01-01T08:20:54Z`, is none.
 */
export function hasStackFrame(text: string): boolean {
  return /\bat [^\n"]{0,200}?(?:\.[cm]?[jt]sx?|\bnode:[\w/]+|<anonymous>):\d+:\d+/.test(text);
}

function errorFaults(
  operation: DescribedOperation,
  parsed: unknown,
  headers: RawAnswer["headers"],
  isIntact: boolean,
): string[] {
  if (typeof parsed !== "object" || parsed === null) return ["an error without a JSON object"];
  // An import that is refused lists what stands in its way besides.
  const isOwn = (key: string): boolean => !(operation.id === "ImportConnections" && key === "obstacles");
  const keys = Object.keys(parsed).filter(isOwn).toSorted().join();
  const isOfGateway = codeOf(parsed).startsWith("APIGW.");
  const wanted = isOfGateway
    ? [gatewayKeys]
    : isIntact
      ? [errorKeys[operation.family] ?? cssKeys]
      : Object.values(errorKeys);
  const faults = wanted.some((one) => one.join() === keys) ? [] : [`an error with the keys ${keys}`];
  if ("request_id" in parsed && parsed.request_id !== headers.get("x-request-id")) {
    faults.push("an error that names another request id than the header");
  }
  return faults;
}

/** The code of an error's body, or nothing. */
export function codeOf(parsed: unknown): string {
  if (typeof parsed !== "object" || parsed === null || !("error_code" in parsed)) return "";
  return String(parsed.error_code);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
