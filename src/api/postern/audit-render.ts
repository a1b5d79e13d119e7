import type { ClusterAccess } from "../../domain/audit-access.ts";
import type { AuditRecord, AuditVerdict, ChainedRecord } from "../../domain/audit-log.ts";
import type { AuditEvent } from "../../domain/audit.ts";
import type { Timestamp } from "../../domain/resources.ts";

/** What an owner writes to himself, and a consumer never sees. */
const ownerColumns = new Set(["owner_note"]);

/**
 * Renders an event as its reader may see it. Of what others did he learns what became of his own, not who did it, from
 * where, and in what request.
 * @param project the reader's; undefined: an operator, who sees everything
 */
export function renderRecord(record: AuditRecord, project: string | undefined): object {
  const { event, isOwn, changes, changesTotal } = record;
  const { seq, at, action } = event;
  const known = { seq, at: renderInstant(at), action };
  return {
    ...known,
    ...(isOwn ? renderOrigin(event) : renderMachine(event)),
    changes: changes.map(({ kind, id, projectId, ownerProjectId, before, after }) => {
      const isOwner = project === undefined || ownerProjectId === null || ownerProjectId === project;
      const show = (row: Readonly<Record<string, unknown>> | null): object | null =>
        row && !isOwner
          ? Object.fromEntries(Object.entries(row).filter(([name]) => !ownerColumns.has(name)))
          : row;
      return {
        resource: `${kind}/${id}`,
        ...(projectId === null ? {} : { project_id: projectId }),
        before: show(before),
        after: show(after),
      };
    }),
    ...(changesTotal > changes.length ? { changes_total: changesTotal } : {}),
  };
}

/** That it was Postern itself is no secret. */
function renderMachine({ actor, accountId }: AuditEvent): object {
  const [kind] = actor.split("/");
  return accountId === null ? { actor: kind } : {};
}

function renderOrigin(event: AuditEvent): object {
  const { actor, accountId, projectId, source, resource, requestId, revision } = event;
  return {
    actor,
    ...(accountId === null ? {} : { account_id: accountId }),
    ...(projectId === null ? {} : { project_id: projectId }),
    ...(source === null ? {} : { source }),
    resource,
    revision,
    ...(requestId === null ? {} : { request_id: requestId }),
  };
}

/** Renders one line of an export that can be verified: everything that its link holds for is in it. */
export function renderChained({ event, changes, previous, hash }: ChainedRecord): string {
  const { seq, revision, at, actor, accountId, projectId, source, action, resource, requestId } = event;
  const line = {
    seq,
    at: renderInstant(at),
    revision,
    actor,
    account_id: accountId,
    project_id: projectId,
    source,
    action,
    resource,
    request_id: requestId,
    changes: changes.map((change) => ({
      number: change.id,
      kind: change.kind,
      id: change.resourceId,
      project_id: change.projectId,
      owner_project_id: change.ownerProjectId,
      account_id: change.accountId,
      before: parse(change.before),
      after: parse(change.after),
    })),
    previous,
    hash,
  };
  return `${JSON.stringify(line)}\n`;
}

function parse(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}

export function renderVerdict(verdict: AuditVerdict): object {
  const { count, firstSeq, lastSeq, lastHash, beganAt, beganAfterSeq, trimmedUpToSeq, fault } = verdict;
  return {
    valid: fault === null,
    count,
    first_seq: firstSeq,
    last_seq: lastSeq,
    last_hash: lastHash,
    began_at: beganAt === null ? null : renderInstant(beganAt),
    began_after_seq: beganAfterSeq,
    trimmed_up_to_seq: trimmedUpToSeq,
    fault,
  };
}

/** @param page which of the endpoints, that may be 100,000 */
export function renderAccess(
  { cluster, services, endpoints }: ClusterAccess,
  at: Timestamp,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): object {
  return {
    at: renderInstant(at),
    cluster: { name: cluster["name"], state: cluster["state"] },
    services: services.map(({ id, row, permissions }) => ({
      id,
      name: row["name"],
      approval_enabled: row["approval_enabled"],
      permissions,
    })),
    endpoints: endpoints.slice(offset, offset + limit).map(({ id, row }) => ({
      id,
      service_id: row["service_id"],
      account_id: row["account_id"],
      project_id: row["project_id"],
      address: row["address"],
      ...(row["address6"] === null ? {} : { address6: row["address6"] }),
      max_session: row["max_session"],
      source_whitelist_enabled: row["source_whitelist_enabled"],
      source_whitelist: row["source_whitelist"],
    })),
    total_count: endpoints.length,
  };
}

/** To the millisecond: links hold for it. */
function renderInstant(time: Timestamp): string {
  return new Date(time).toISOString();
}
