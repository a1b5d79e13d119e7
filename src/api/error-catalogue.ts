import type { ErrorKind } from "../domain/errors.ts";

/** The families of operations that render refusals in their own way. */
export type Protocol = "css" | "vpcep" | "iam";

/** What one protocol says. */
export interface Coded {
  readonly status: number;
  readonly code: string;
}

/** The identity service has no codes of its own: it says the HTTP status. */
type Entry = Readonly<Record<Exclude<Protocol, "iam">, Coded>>;

function each(css: readonly [number, string], vpcep: readonly [number, string]): Entry {
  return {
    css: { status: css[0], code: css[1] },
    vpcep: { status: vpcep[0], code: vpcep[1] },
  };
}

/** Refusals that only endpoints know have one code wherever they show. */
function endpoint(number: string, status = 400): Entry {
  return each([status, `EndPoint.${number}`], [status, `EndPoint.${number}`]);
}

/** Published code of everything that can be refused (contract sections 3.10 and 5). */
export const catalogue: Readonly<Record<ErrorKind, Entry>> = {
  account_not_allowed: endpoint("2012"),
  action_not_allowed: each([400, "CSS.0051"], [403, "EndPoint.0004"]),
  address_in_use: each([409, "EndPoint.3006"], [400, "EndPoint.2042"]),
  address_malformed: each([400, "CSS.5038"], [400, "EndPoint.2041"]),
  address_outside_subnet: each([400, "CSS.5038"], [400, "EndPoint.2043"]),
  already_in_use: each([409, "EndPoint.3006"], [400, "EndPoint.3006"]),
  backend_not_found: endpoint("3003"),
  backend_not_in_vpc: endpoint("3042"),
  bad_parameter: each([400, "CSS.0001"], [400, "EndPoint.0002"]),
  batch_too_large: endpoint("0016"),
  cluster_exists: each([409, "CSS.0031"], [400, "EndPoint.1004"]),
  cluster_not_found: each([403, "CSS.0015"], [404, "EndPoint.0005"]),
  connected_already: endpoint("2014"),
  connection_of_other_service: each([400, "CSS.0001"], [400, "EndPoint.2013"]),
  credentials_wrong: each([401, "CSS.0010"], [401, "EndPoint.0003"]),
  empty_body: each([400, "CSS.0006"], [504, "EndPoint.0011"]),
  endpoint_failed: endpoint("2047"),
  endpoint_not_found: each([404, "CSS.0016"], [404, "EndPoint.2006"]),
  endpoint_quota_exceeded: each([400, "CSS.0063"], [400, "Endpoint.1018"]),
  forbidden: each([403, "CSS.5045"], [403, "EndPoint.0004"]),
  gateway_unavailable: each([503, "CSS.0005"], [503, "EndPoint.0001"]),
  import_obstacles: each([400, "CSS.5090"], [400, "EndPoint.3045"]),
  missing_parameter: each([400, "CSS.5037"], [400, "EndPoint.0002"]),
  nodes_unreachable: each([400, "CSS.6000"], [400, "EndPoint.1004"]),
  not_authorized_for_project: each([403, "CSS.0015"], [403, "EndPoint.0004"]),
  out_of_range: each([400, "CSS.5038"], [400, "EndPoint.0002"]),
  permission_malformed: endpoint("3002"),
  permissions_empty: endpoint("3036"),
  permissions_full: endpoint("3049"),
  policy_missing: endpoint("2049"),
  policy_unsupported: endpoint("2048"),
  pool_exhausted: each([400, "CSS.0064"], [400, "EndPoint.2022"]),
  ports_clash: each([409, "EndPoint.3044"], [400, "EndPoint.3044"]),
  ports_malformed: endpoint("3004"),
  precondition_failed: each([412, "CSS.5090"], [412, "EndPoint.1004"]),
  quota_exceeded: each([400, "Endpoint.1018"], [400, "Endpoint.1018"]),
  resource_not_found: each([404, "CSS.0016"], [404, "EndPoint.0005"]),
  route_table_missing: endpoint("2040"),
  service_already_open: each([409, "CSS.0031"], [400, "EndPoint.3045"]),
  service_missing: endpoint("2003"),
  service_not_enabled: each([400, "CSS.5182"], [400, "EndPoint.2004"]),
  source_malformed: endpoint("2044"),
  sources_full: endpoint("2045"),
  state_forbids: each([400, "CSS.5090"], [400, "EndPoint.3045"]),
  storage_full: each([507, "CSS.0005"], [507, "EndPoint.0001"]),
  subnet_not_in_vpc: endpoint("2037"),
  tag_key_malformed: each([400, "CSS.5137"], [400, "EndPoint.3068"]),
  tag_key_twice: each([400, "CSS.5039"], [400, "EndPoint.3067"]),
  tag_value_malformed: each([400, "CSS.5138"], [400, "EndPoint.3068"]),
  tags_full: each([400, "CSS.5038"], [400, "EndPoint.3069"]),
  unsupported: each([400, "CSS.5140"], [400, "EndPoint.1004"]),
  vpc_not_found: each([400, "CSS.5021"], [400, "EndPoint.2001"]),
};

/** The endpoint service's own code for a parameter of the wrong form (contract section 3.10). */
export const codeOfParameter: Readonly<Record<string, string>> = {
  action: "EndPoint.0007",
  limit: "EndPoint.0006",
  offset: "EndPoint.0010",
  sort_key: "EndPoint.0017",
  sort_dir: "EndPoint.0018",
  status: "EndPoint.0019",
  vpc_id: "EndPoint.0020",
  marker_id: "EndPoint.0021",
  subnet_id: "EndPoint.0023",
  endpoints: "EndPoint.2031",
  enable_dns: "EndPoint.2033",
  port_ip: "EndPoint.2041",
  whitelist: "EndPoint.2044",
  ports: "EndPoint.3004",
  service_name: "EndPoint.3076",
  endpoint_service_name: "EndPoint.3076",
  server_type: "EndPoint.3021",
  permissions: "EndPoint.3002",
  resource_type: "EndPoint.3070",
  tags: "EndPoint.3068",
};
