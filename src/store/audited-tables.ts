import type { AuditedKind } from "../domain/audit.ts";

/** How a column is shown: as it is, as true or false, as the JSON that it holds, or not at all. */
type Column = "plain" | "flag" | "json" | "secret";

export interface AuditedTable {
  readonly kind: AuditedKind;
  readonly table: string;
  /** What is left out is no news: ids (told beside), versions, cursors, times. */
  readonly columns: Readonly<Record<string, Column>>;
  /** SQL over the row as `row`: whose resource it is. */
  readonly projectId?: string;
  readonly ownerProjectId?: string;
  readonly accountId?: string;
}

// A deletion may have taken the parent away already: the trail knows whose it was.
const projectOfService = `coalesce(
  (select project_id from endpoint_service where id = row.service_id),
  (select project_id from audit_change where kind = 'service' and resource_id = row.service_id order by id desc limit 1)
)`;
const accountOfUser = `coalesce(
  (select account_id from "user" where id = row.user_id),
  (select account_id from audit_change where kind = 'user' and resource_id = row.user_id order by id desc limit 1)
)`;

/** What the audit trail keeps of the tables; triggers are made from it. */
export const auditedTables: readonly AuditedTable[] = [
  { kind: "account", table: "account", columns: { name: "plain" }, accountId: "row.id" },
  {
    kind: "project",
    table: "project",
    columns: { account_id: "plain", name: "plain" },
    projectId: "row.id",
    accountId: "row.account_id",
  },
  {
    kind: "user",
    table: "user",
    columns: {
      account_id: "plain",
      name: "plain",
      is_operator: "flag",
      role: "plain",
      actions: "json",
      password_hash: "secret",
    },
    accountId: "row.account_id",
  },
  {
    kind: "access_key",
    table: "access_key",
    columns: {
      user_id: "plain",
      expires_at: "plain",
      sealed_secret: "secret",
      security_token_hash: "secret",
    },
    accountId: accountOfUser,
  },
  {
    kind: "vpc",
    table: "vpc",
    columns: {
      name: "plain",
      cidr: "plain",
      cidr6: "plain",
      attachment: "plain",
      attachment_name: "plain",
      number: "plain",
      dns_address: "plain",
    },
    projectId: "row.project_id",
  },
  {
    kind: "subnet",
    table: "subnet",
    columns: { vpc_id: "plain", name: "plain", cidr: "plain", cidr6: "plain" },
    projectId: "row.project_id",
  },
  {
    kind: "cluster",
    table: "cluster",
    columns: {
      name: "plain",
      state: "plain",
      engine: "plain",
      engine_version: "plain",
      nodes: "json",
      scheme: "plain",
      username: "plain",
      sealed_password: "secret",
      ca: "secret",
      insecure_skip_verify: "flag",
      client_port: "plain",
      vpc_id: "plain",
      subnet_id: "plain",
      tags: "json",
    },
    projectId: "row.project_id",
  },
  {
    kind: "service",
    table: "endpoint_service",
    columns: {
      cluster_id: "plain",
      name: "plain",
      enabled: "flag",
      update_switch: "flag",
      approval_enabled: "flag",
      dns_enabled: "flag",
      professional: "flag",
      reconcile_connections: "flag",
      origin: "plain",
      ports: "json",
      description: "plain",
      tags: "json",
    },
    projectId: "row.project_id",
  },
  {
    kind: "permission",
    table: "permission",
    columns: { service_id: "plain", permission: "plain", permission_type: "plain", description: "plain" },
    projectId: projectOfService,
  },
  {
    kind: "domain",
    table: "service_domain",
    columns: { service_id: "plain", name: "plain", status: "plain", problem: "plain" },
    projectId: projectOfService,
  },
  {
    kind: "endpoint",
    table: "endpoint",
    columns: {
      service_id: "plain",
      project_id: "plain",
      account_id: "plain",
      vpc_id: "plain",
      subnet_id: "plain",
      address: "plain",
      address6: "plain",
      phase: "plain",
      approval: "plain",
      rejected_by: "plain",
      max_session: "plain",
      max_connection_rate: "plain",
      max_bandwidth: "plain",
      specification_name: "plain",
      dns_enabled: "flag",
      description: "plain",
      owner_note: "plain",
      marker_id: "plain",
      source_whitelist_enabled: "flag",
      source_whitelist: "json",
      tags: "json",
      failure_code: "plain",
      failure_message: "plain",
    },
    projectId: "row.project_id",
    ownerProjectId: projectOfService,
  },
  { kind: "gateway", table: "gateway", columns: { name: "plain", token_hash: "secret" } },
  {
    kind: "webhook",
    table: "webhook",
    columns: {
      url: "plain",
      kinds: "json",
      description: "plain",
      enabled: "flag",
      sealed_secret: "secret",
    },
    projectId: "row.project_id",
  },
];

/**
 * Returns SQL of a row's audited columns as a JSON object.
 * @param row name by which the SQL around it knows the row
 */
export function auditedJson({ columns }: AuditedTable, row: string): string {
  const members = Object.entries(columns).map(([name, column]) => {
    const value = `${row}.${name}`;
    return `'${name}', ${column === "plain" ? value : `json(${columnJson(column, value, "set")})`}`;
  });
  return `json_object(${members.join(", ")})`;
}

/** Returns SQL of the columns that an update changed, as they were (`old`) or as they became (`new`). */
export function changedJson({ columns }: AuditedTable, row: "old" | "new"): string {
  const members = Object.entries(columns).map(([name, column]) => {
    const value = columnJson(column, `${row}.${name}`, row === "old" ? "set" : "changed");
    return `iif(old.${name} is new.${name}, '', ',"${name}":' || ${value})`;
  });
  // By text: few columns differ, and JSON functions would be called for all of them.
  return `'{' || substr(concat(${members.join(", ")}), 2) || '}'`;
}

function columnJson(column: Column, value: string, secret: "set" | "changed"): string {
  if (column === "flag") return `iif(${value}, 'true', 'false')`;
  if (column === "json") return value;
  if (column === "plain") return `json_quote(${value})`;
  return `iif(${value} is null, 'null', '"${secret}"')`;
}
