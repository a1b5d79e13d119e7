import type { IncomingHttpHeaders } from "node:http";
import { PosternError } from "../../domain/errors.ts";
import { eventKinds, renderEvent, type EventKind } from "../../domain/events.ts";
import type { ProjectId } from "../../domain/ids.ts";
import { defineOperation, type ApiContext } from "../operation.ts";
import { projectParams, stringEnum } from "../schema.ts";
import { eventsAnswer } from "../answers/record.ts";
import { Type } from "../type-builder.ts";

const eventsQuery = Type.Object({
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  from: Type.Optional(Type.String({ maxLength: 40 })),
  kinds: Type.Optional(Type.String({ maxLength: 1000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  /** Instead of `limit`: a list of the newest. */
  last: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  /** Whoever follows is told of live figures and nodes besides, as messages without an id. */
  figures: Type.Optional(stringEnum(["0", "1"])),
});
type Query = {
  readonly after?: number;
  readonly from?: string;
  readonly kinds?: string;
  readonly limit?: number;
  readonly last?: number;
};

const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // nginx would keep events back until it has a whole buffer.
  "x-accel-buffering": "no",
};

/** Lists what happened, oldest first, or follows it where the request accepts `text/event-stream`. */
export const listEvents = defineOperation({
  id: "ListEvents",
  method: "GET",
  path: "/postern/v1/:project_id/events",
  action: "postern:event:list",
  schemas: { params: projectParams, query: eventsQuery, answer: eventsAnswer },
  async handle({ principal: { projectId }, query, headers, isStillAllowed }, context) {
    const kinds = readKinds(query.kinds);
    const isFollowing = (headers.accept ?? "").includes("text/event-stream");
    const after = await startOf(context, projectId, query, headers, isFollowing);
    if (isFollowing) {
      const body = await context.streams.open({
        projectId,
        after,
        kinds,
        hasFigures: query.figures === "1",
        isStillAllowed,
      });
      return { headers: streamHeaders, body };
    }
    const { last: newest } = query;
    const limit = newest ?? query.limit ?? 100;
    return context.store.read(async ({ events }) => {
      const isNewest = newest !== undefined;
      const found = await events.list(projectId, { after, kinds, limit, isNewest });
      const isWhole = isNewest || found.length < limit;
      const last = isWhole ? await events.latest() : (found.at(-1)?.seq ?? after);
      const isIncomplete = after < (await events.floor(projectId));
      return {
        body: {
          events: found.map(renderEvent),
          next_after: Math.max(after, last),
          has_more: !isWhole,
          ...(isIncomplete ? { reset: true } : {}),
        },
      };
    });
  },
});

/** Where to begin: what a client says that he has seen; else a time; else now for who follows, and the oldest for who lists. */
async function startOf(
  { store }: ApiContext,
  projectId: ProjectId,
  { after, from }: Query,
  headers: IncomingHttpHeaders,
  isFollowing: boolean,
): Promise<number> {
  const seen = headers["last-event-id"];
  if (typeof seen === "string" && isFollowing) {
    if (/^\d{1,15}$/.test(seen)) return Number(seen);
    throw new PosternError(
      "bad_parameter",
      `Last-Event-ID is "${seen.slice(0, 40)}". Send the id of an event, a number.`,
    );
  }
  if (after !== undefined) return after;
  if (from !== undefined) return (await store.events.firstSince(projectId, readTime(from))) - 1;
  return isFollowing ? store.events.latest() : store.events.floor(projectId);
}

function readTime(text: string): number {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new PosternError(
    "bad_parameter",
    `"${text}" is no time. Give one as in ISO 8601: 2026-01-02T03:04:05Z.`,
    "from",
  );
}

/** @throws PosternError bad_parameter */
function readKinds(text: string | undefined): readonly EventKind[] {
  const kinds = text === undefined || text === "" ? [] : text.split(",");
  for (const kind of kinds) checkKind(kind);
  return [...new Set(kinds)] as EventKind[];
}

/** @throws PosternError bad_parameter */
export function checkKind(kind: string): asserts kind is EventKind {
  if ((eventKinds as readonly string[]).includes(kind)) return;
  throw new PosternError(
    "bad_parameter",
    `"${kind}" is no kind of events. There are ${eventKinds.join(", ")}.`,
    "kinds",
  );
}
