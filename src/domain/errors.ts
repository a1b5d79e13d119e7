/**
 * Everything that can be refused, as a closed catalogue. Domain code throws these and never mentions
 * HTTP; each protocol renders them in one place (`api/errors.ts`).
 */
export type ErrorKind =
  | "account_not_allowed"
  | "already_in_use"
  | "bad_parameter"
  | "cluster_exists"
  | "cluster_not_found"
  | "empty_body"
  | "forbidden"
  | "missing_parameter"
  | "nodes_unreachable"
  | "not_authorized_for_project"
  | "out_of_range"
  | "pool_exhausted"
  | "precondition_failed"
  | "resource_not_found"
  | "service_already_open"
  | "service_not_enabled"
  | "state_forbids"
  | "unsupported"
  | "vpc_not_found";

/** A refusal with its reason. The message says what happened, why, and what to do next. */
export class PosternError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string) {
    super(message);
    this.name = "PosternError";
    this.kind = kind;
  }
}
