import { eventKinds } from "../../domain/events.ts";
import { stringEnum } from "../schema.ts";
import { count, orNull, recordOf, text, time, yesOrNo } from "./parts.ts";
import { Type } from "../type-builder.ts";

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

const webhook = {
  id: text,
  url: text,
  /** Empty: all. */
  kinds: Type.Array(stringEnum(eventKinds)),
  description: text,
  enabled: yesOrNo,
  created_at: time,
  updated_at: time,
};

export const webhookAnswer = Type.Object(webhook, { title: "Webhook" });

export const newWebhookAnswer = Type.Object({ ...webhook, secret: text }, { title: "NewWebhook" });

export const webhookTestAnswer = Type.Object(
  {
    delivered: yesOrNo,
    /** HTTP; where it was delivered. */
    status: Type.Optional(count),
    /** Where it was not. */
    problem: Type.Optional(text),
    duration_ms: count,
  },
  { title: "WebhookTest" },
);

export const deliveryAnswer = Type.Object(
  {
    id: text,
    event_id: count,
    kind: stringEnum(eventKinds),
    resource: text,
    status: stringEnum(["pending", "dead"]),
    failures: count,
    next_attempt_at: Type.Optional(time),
    problem: Type.Optional(text),
    created_at: time,
  },
  { title: "Delivery" },
);
