import { CliError } from "./cli-error.ts";
import { isJsonObject } from "./json.ts";
import type { Target } from "./target.ts";

/** A refusal by the API, with its published code. */
export class ApiError extends CliError {
  readonly status: number;
  /** Such as `CSS.5182`; empty where the answer held none. */
  readonly code: string;
  /** The whole body of the answer. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    nextStep: string,
    details: Readonly<Record<string, unknown>>,
  ) {
    super(message, nextStep);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

const stepByCode: Readonly<Record<string, string>> = {
  "CSS.0015": "See which clusters this project has: postern cluster list",
  "CSS.0064":
    "Free an address with: postern endpoint delete ID\nOr make another VPC with: postern vpc create NAME",
  "CSS.5021": "See which VPCs this project has: postern vpc list",
  "CSS.6000": "Check the addresses and that the nodes run; --no-probe registers them as they are.",
  "EndPoint.2012": "The service's owner admits an account with: postern whitelist CLUSTER --add ACCOUNT",
  "CSS.5182": "Turn the service on first: postern open CLUSTER",
};

const stepByStatus: Readonly<Record<number, string>> = {
  400: "Correct what the message names, then repeat; --help after a command shows its arguments.",
  403: "Use credentials of the project that owns it; postern cluster list shows what yours may see.",
  404: "See what there is: postern cluster list, postern endpoint list, postern vpc list, postern webhook list",
  409: "Look at its present state with postern cluster show CLUSTER, and repeat when that allows it.",
  412: "Somebody else changed it in the meantime: look at it again, then repeat.",
  413: "Send less at once.",
  429: "Wait a moment, then repeat.",
};

/** Returns the error that shows a refusal: message, published code, HTTP status, request id, what to do next. */
export function apiError(status: number, body: unknown, requestId: string | null, target: Target): ApiError {
  const fields = isJsonObject(body) ? body : {};
  const code = firstText(fields["errCode"], fields["error_code"]);
  const text = firstText(fields["externalMessage"], fields["error_msg"]);
  if (code === "" && text === "") {
    return new ApiError(
      status,
      "",
      `${target.endpoint} answered HTTP ${status} without an error that Postern would give.`,
      `Check that the address is Postern's own; it was read from ${target.source}.`,
      fields,
    );
  }
  // The wire repeats the code in front of the message ("CSS.5182 : ...") for clients that show only one of them.
  const prefix = `${code} : `;
  const message = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  const id = firstText(requestId, fields["request_id"]);
  const facts = [code, `HTTP ${status}`, id === "" ? "" : `request ${id}`].filter((fact) => fact !== "");
  return new ApiError(
    status,
    code,
    `${message} (${facts.join(", ")})`,
    stepAfter(status, code, target),
    fields,
  );
}

function stepAfter(status: number, code: string, target: Target): string {
  if (status === 401) {
    return target.dataDir === null
      ? `The token came from ${target.source}. Set POSTERN_TOKEN to one that this server gave out.`
      : `The token came from ${target.source}. If the server at ${target.endpoint} runs on another data directory, name that one with --data DIR.`;
  }
  const serverFault = `Repeat it; if it stays, look in the server's log for the request id.`;
  return (
    stepByCode[code] ?? stepByStatus[status] ?? (status >= 500 ? serverFault : "Look at postern status.")
  );
}

function firstText(...values: readonly unknown[]): string {
  return values.find((value): value is string => typeof value === "string" && value !== "") ?? "";
}
