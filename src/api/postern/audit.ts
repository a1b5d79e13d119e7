import { Readable } from "node:stream";
import type { Static } from "typebox";
import { accessTo } from "../../domain/audit-access.ts";
import type { AuditFilter, AuditRecord, LinkClaim } from "../../domain/audit-log.ts";
import { PosternError } from "../../domain/errors.ts";
import type { ClusterId, ProjectId } from "../../domain/ids.ts";
import type { Timestamp } from "../../domain/resources.ts";
import { defineOperation, type ApiContext, type OperationReply, type Principal } from "../operation.ts";
import { clusterParams, pageQuery, projectParams, readPage } from "../schema.ts";
import { requireOperator } from "./accounts.ts";
import { renderAccess, renderChained, renderRecord, renderVerdict } from "./audit-render.ts";
import { auditAnswer } from "../answers/record.ts";
import { Type } from "../type-builder.ts";

const text = Type.String({ minLength: 1, maxLength: 200 });
/** ISO 8601 with a zone: `2024-06-11T09:36:24Z`. */
const time = Type.String({
  maxLength: 40,
  pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,3})?)?(?:Z|[+-]\\d\\d:\\d\\d)$",
});
const span = { from: Type.Optional(time), to: Type.Optional(time) };
const filters = {
  ...span,
  actor: Type.Optional(text),
  action: Type.Optional(text),
  /** Kind and id: `endpoint/…`. */
  resource: Type.Optional(text),
};
const listQuery = Type.Object({
  ...filters,
  /** Only events before this one: `next` of the page before. */
  before: Type.Optional(Type.Integer({ minimum: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
});

/** What was done in a project and its account, and every change of what is theirs, newest first. */
export const listAudit = defineOperation({
  id: "ListAudit",
  method: "GET",
  path: "/postern/v1/:project_id/audit",
  action: "postern:audit:list",
  schemas: { params: projectParams, query: listQuery, answer: auditAnswer },
  async handle({ principal, query }, context) {
    return { body: await list(context, { ...readFilter(query), viewer: principal }, query) };
  },
});

/** Operators only: of every project. */
export const listAllAudit = defineOperation({
  id: "ListAuditOfAllProjects",
  method: "GET",
  path: "/postern/v1/audit",
  action: "postern:audit:list",
  schemas: { query: listQuery, answer: auditAnswer },
  async handle({ principal, query }, context) {
    requireAuditor(principal);
    return { body: await list(context, readFilter(query), query) };
  },
});

/** The same as lines of JSON, oldest first. */
export const exportAudit = defineOperation({
  id: "ExportAudit",
  answers: "application/x-ndjson",
  method: "GET",
  path: "/postern/v1/:project_id/audit/export",
  action: "postern:audit:list",
  schemas: { params: projectParams, query: Type.Object(filters) },
  handle({ principal, query }, context) {
    const records = context.store.audit.records({ ...readFilter(query), viewer: principal });
    return Promise.resolve(streamed(linesOf(records, principal.projectId)));
  },
});

/** Operators only: every event with its link, so that the lines can be verified later. */
export const exportAllAudit = defineOperation({
  id: "ExportAuditOfAllProjects",
  answers: "application/x-ndjson",
  method: "GET",
  path: "/postern/v1/audit/export",
  action: "postern:audit:list",
  schemas: { query: Type.Object(span) },
  handle({ principal, query }, context) {
    requireAuditor(principal);
    return Promise.resolve(streamed(chainedLines(context, readFilter(query))));
  },
});

/** Operators only. */
export const verifyAudit = defineOperation({
  id: "VerifyAudit",
  method: "GET",
  path: "/postern/v1/audit/verify",
  action: "postern:audit:check",
  schemas: {},
  async handle({ principal }, context) {
    requireAuditor(principal);
    return { body: renderVerdict(await context.store.audit.verify()) };
  },
});

const digest = Type.String({ pattern: "^[0-9a-f]{64}$" });
const claims = Type.Object({
  events: Type.Array(
    Type.Object({ seq: Type.Integer({ minimum: 1 }), previous: digest, digest, hash: digest }),
    { minItems: 1, maxItems: 2_000 },
  ),
});

/** Operators only: tells whether lines of an export are what this installation wrote. Takes digests, not the lines. */
export const verifyAuditLines = defineOperation({
  id: "VerifyAuditLines",
  method: "POST",
  path: "/postern/v1/audit/verify",
  action: "postern:audit:check",
  schemas: { body: claims },
  handle({ principal, body }, context) {
    requireAuditor(principal);
    const fault = context.store.audit.checkClaims(body.events satisfies readonly LinkClaim[]);
    return Promise.resolve({ body: { valid: fault === null, count: body.events.length, fault } });
  },
});

/** Who could reach a cluster at a time: also one that is gone since. */
export const showClusterAccess = defineOperation({
  id: "ShowClusterAccess",
  method: "GET",
  path: "/postern/v1/:project_id/clusters/:cluster_id/access",
  action: "postern:audit:get",
  schemas: {
    params: clusterParams,
    query: Type.Object({ at: Type.Optional(time), ...pageQuery.properties }),
  },
  async handle({ principal, params, query }, context) {
    const at = query.at === undefined ? context.clock.now() : readTime("at", query.at);
    const { audit } = context.store;
    const since = await audit.knownSince();
    if (at < since) {
      throw new PosternError(
        "bad_parameter",
        `The audit trail knows changes since ${new Date(since).toISOString()}; what was before cannot be told. ` +
          "Ask for a later time, or look in a backup of then.",
      );
    }
    const cluster = params.cluster_id as ClusterId;
    const access = accessTo(await audit.rowsAt(principal.projectId, cluster, at), cluster);
    if (!access) {
      throw new PosternError(
        "cluster_not_found",
        `Cluster ${cluster} did not exist in this project at ${new Date(at).toISOString()}.`,
      );
    }
    return { body: renderAccess(access, at, readPage(query)) };
  },
});

async function list(
  context: ApiContext,
  filter: AuditFilter,
  { before, limit = 100 }: Static<typeof listQuery>,
): Promise<object> {
  const { records, next } = await context.store.audit.search(filter, before ?? null, limit);
  return {
    events: records.map((record) => renderRecord(record, filter.viewer?.projectId)),
    ...(next === null ? {} : { next }),
  };
}

/** They go out as they are made. */
function streamed(lines: AsyncIterable<string>): OperationReply {
  return {
    headers: { "content-type": "application/x-ndjson; charset=utf-8" },
    body: Readable.from(lines, { objectMode: false }),
  };
}

async function* linesOf(records: AsyncIterable<AuditRecord>, project: ProjectId): AsyncIterable<string> {
  for await (const record of records) yield `${JSON.stringify(renderRecord(record, project))}\n`;
}

async function* chainedLines(context: ApiContext, filter: AuditFilter): AsyncIterable<string> {
  for await (const record of context.store.audit.chained(filter)) yield renderChained(record);
}

interface FilterQuery extends Pick<AuditFilter, "actor" | "action" | "resource"> {
  readonly from?: string;
  readonly to?: string;
}

function readFilter({ from, to, actor, action, resource }: FilterQuery): AuditFilter {
  return {
    from: from === undefined ? undefined : readTime("from", from),
    to: to === undefined ? undefined : readTime("to", to),
    actor,
    action,
    resource,
  };
}

/** @throws PosternError bad_parameter: days and hours that there are not */
function readTime(name: string, value: string): Timestamp {
  const at = Date.parse(value);
  if (!Number.isNaN(at)) return at;
  throw new PosternError(
    "bad_parameter",
    `The query parameter ${name} is no time. Give one such as 2024-06-11T09:36:24Z.`,
  );
}

/** @throws PosternError forbidden */
function requireAuditor(principal: Principal): void {
  requireOperator(principal, "reads the audit trail of all projects");
}
