/**
 * Everything that can be refused, as a closed catalogue. Domain code throws these and never mentions
 * HTTP; each protocol renders them in one place (`api/errors.ts`).
 */
export type ErrorKind =
  | "account_not_allowed"
  | "action_not_allowed"
  | "address_in_use"
  | "address_malformed"
  | "address_outside_subnet"
  | "already_in_use"
  | "backend_not_found"
  | "backend_not_in_vpc"
  | "bad_parameter"
  | "batch_too_large"
  | "cluster_exists"
  | "cluster_not_found"
  | "connected_already"
  | "connection_of_other_service"
  | "credentials_wrong"
  | "empty_body"
  | "endpoint_failed"
  | "endpoint_not_found"
  | "endpoint_quota_exceeded"
  | "forbidden"
  | "gateway_unavailable"
  | "import_obstacles"
  | "missing_parameter"
  | "nodes_unreachable"
  | "not_authorized_for_project"
  | "out_of_range"
  | "permission_malformed"
  | "permissions_empty"
  | "permissions_full"
  | "policy_missing"
  | "policy_unsupported"
  | "pool_exhausted"
  | "ports_clash"
  | "ports_malformed"
  | "precondition_failed"
  | "quota_exceeded"
  | "resource_not_found"
  | "route_table_missing"
  | "service_already_open"
  | "service_missing"
  | "service_not_enabled"
  | "source_malformed"
  | "sources_full"
  | "state_forbids"
  | "storage_full"
  | "subnet_not_in_vpc"
  | "tag_key_malformed"
  | "tag_key_twice"
  | "tag_value_malformed"
  | "tags_full"
  | "unsupported"
  | "vpc_not_found";

/** A refusal with its reason. The message says what happened, why, and what to do next. */
export class PosternError extends Error {
  readonly kind: ErrorKind;
  /** The parameter of the request that has the wrong form, or undefined: some protocols have a code for each. */
  readonly parameter: string | undefined;

  constructor(kind: ErrorKind, message: string, parameter?: string) {
    super(message);
    this.name = "PosternError";
    this.kind = kind;
    this.parameter = parameter;
  }
}
