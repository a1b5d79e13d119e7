import { Type } from "typebox";
import { eventKinds } from "../../domain/events.ts";
import { stringEnum } from "../schema.ts";
import { count, orNull, recordOf, text, time, yesOrNo } from "./parts.ts";

const row = recordOf(Type.Unknown());

export const eventAnswer = Type.Object(
  {
    id: count,
    type: stringEnum(eventKinds),
    timestamp: time,
    project_id: text,
    resource: text,
    data: row,
  },
  { title: "HappenedEvent" },
);

export const eventsAnswer = Type.Object({
  events: Type.Array(eventAnswer),
  next_after: count,
  has_more: yesOrNo,
  reset: Type.Optional(yesOrNo),
});

export const auditAnswer = Type.Object({
  events: Type.Array(
    Type.Object(
      {
        seq: count,
        at: time,
        action: text,
        actor: Type.Optional(text),
        account_id: Type.Optional(text),
        project_id: Type.Optional(text),
        source: Type.Optional(text),
        resource: Type.Optional(text),
        revision: Type.Optional(count),
        request_id: Type.Optional(text),
        changes: Type.Array(
          Type.Object({
            resource: text,
            project_id: Type.Optional(text),
            before: orNull(row),
            after: orNull(row),
          }),
        ),
        changes_total: Type.Optional(count),
      },
      { title: "AuditRecord" },
    ),
  ),
  next: Type.Optional(count),
});

export const webhookAnswer = Type.Object(
  {
    id: text,
    url: text,
    kinds: Type.Array(text),
    description: text,
    enabled: yesOrNo,
    created_at: time,
    updated_at: time,
  },
  { title: "Webhook" },
);
