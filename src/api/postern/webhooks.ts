import { randomUUID } from "node:crypto";
import { PosternError } from "../../domain/errors.ts";
import type { EventKind } from "../../domain/events.ts";
import { newUuid, type WebhookId } from "../../domain/ids.ts";
import type { Repositories } from "../../domain/store.ts";
import { mostWebhooks, type Delivery, type Webhook } from "../../domain/webhook.ts";
import { newWebhookSecret } from "../../lib/standard-webhook.ts";
import { auditEntry } from "../actions/audit-entry.ts";
import { record } from "../actions/record.ts";
import { renderTime } from "../css/render-connections.ts";
import { checkIfMatch, contentEtag } from "../etag.ts";
import { defineOperation, type Principal } from "../operation.ts";
import { pageQuery, projectParams, readPage, resourceParams, stringEnum } from "../schema.ts";
import { checkKind } from "./events.ts";
import { pageOf } from "../answers/parts.ts";
import { deliveryAnswer, newWebhookAnswer, webhookAnswer, webhookTestAnswer } from "../answers/record.ts";
import { Type } from "../type-builder.ts";

const path = "/postern/v1/:project_id/webhooks";
const url = Type.String({ minLength: 1, maxLength: 2048 });
const changeable = {
  kinds: Type.Optional(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 50 })),
  description: Type.Optional(Type.String({ maxLength: 255 })),
  enabled: Type.Optional(Type.Boolean()),
};

/** Makes a webhook. Its secret is in this answer, and in no other. */
export const createWebhook = defineOperation({
  id: "CreateWebhook",
  method: "POST",
  path,
  action: "postern:webhook:create",
  schemas: { params: projectParams, body: Type.Object({ url, ...changeable }), answer: newWebhookAnswer },
  async handle(request, context) {
    const { body, principal } = request;
    // Before and outside of the transaction: other writes do not wait for somebody's name server.
    await context.webhooks.checkTarget(body.url);
    const secret = newWebhookSecret();
    const now = context.clock.now();
    const webhook: Webhook = {
      id: newUuid<WebhookId>(),
      projectId: principal.projectId,
      url: body.url,
      kinds: readKinds(body.kinds),
      description: body.description ?? "",
      enabled: body.enabled ?? true,
      sealedSecret: context.seal(secret),
      createdAt: now,
      updatedAt: now,
    };
    await record(
      context,
      request,
      auditEntry(request, "createWebhook", `webhook/${webhook.id}`),
      async (tx) => {
        await requireRoom(tx, principal);
        await tx.webhooks.insert(webhook);
      },
    );
    const shown = renderWebhook(webhook);
    return { headers: { etag: contentEtag(shown) }, body: { ...shown, secret } };
  },
});

export const listWebhooks = defineOperation({
  id: "ListWebhooks",
  method: "GET",
  path,
  action: "postern:webhook:list",
  schemas: { params: projectParams, answer: pageOf("webhooks", webhookAnswer) },
  async handle({ principal }, { store }) {
    const webhooks = await store.webhooks.allOfProject(principal.projectId);
    return { body: { webhooks: webhooks.map(renderWebhook), total_count: webhooks.length } };
  },
});

export const showWebhook = defineOperation({
  id: "ShowWebhook",
  method: "GET",
  path: `${path}/:id`,
  action: "postern:webhook:get",
  schemas: { params: resourceParams, answer: webhookAnswer },
  async handle({ principal, params }, { store }) {
    const body = renderWebhook(await requireWebhook(store, principal, params.id));
    return { headers: { etag: contentEtag(body) }, body };
  },
});

/** Changes what is given, and leaves the rest. */
export const updateWebhook = defineOperation({
  id: "UpdateWebhook",
  method: "PUT",
  path: `${path}/:id`,
  action: "postern:webhook:update",
  schemas: {
    params: resourceParams,
    body: Type.Object({ url: Type.Optional(url), ...changeable }),
    answer: webhookAnswer,
  },
  async handle(request, context) {
    const { body, params, principal, ifMatch } = request;
    if (body.url !== undefined) {
      await requireWebhook(context.store, principal, params.id);
      await context.webhooks.checkTarget(body.url);
    }
    const audit = auditEntry(request, "updateWebhook", `webhook/${params.id}`);
    const webhook = await record(context, request, audit, async (tx) => {
      const before = await requireUnchanged(tx, principal, params.id, ifMatch);
      const after: Webhook = {
        ...before,
        url: body.url ?? before.url,
        kinds: body.kinds ? readKinds(body.kinds) : before.kinds,
        description: body.description ?? before.description,
        enabled: body.enabled ?? before.enabled,
        updatedAt: context.clock.now(),
      };
      await tx.webhooks.update(after);
      return after;
    });
    context.webhooks.wake(webhook.id);
    const shown = renderWebhook(webhook);
    return { headers: { etag: contentEtag(shown) }, body: shown };
  },
});

/** Ends a webhook. What was on its way to it is forgotten. */
export const deleteWebhook = defineOperation({
  id: "DeleteWebhook",
  method: "DELETE",
  path: `${path}/:id`,
  action: "postern:webhook:delete",
  schemas: { params: resourceParams },
  async handle(request, context) {
    const { params, principal, ifMatch } = request;
    await record(
      context,
      request,
      auditEntry(request, "deleteWebhook", `webhook/${params.id}`),
      async (tx) => {
        const webhook = await requireUnchanged(tx, principal, params.id, ifMatch);
        await tx.webhooks.delete(webhook.id);
      },
    );
    return { status: 204 };
  },
});

/** Sends a message of the kind `webhook.test` now, once. What comes of it is the answer, not an error. */
export const testWebhook = defineOperation({
  id: "TestWebhook",
  method: "POST",
  path: `${path}/:id/test`,
  action: "postern:webhook:test",
  schemas: { params: resourceParams, answer: webhookTestAnswer },
  async handle(request, context) {
    const { principal, params, ifMatch } = request;
    const audit = auditEntry(request, "testWebhook", `webhook/${params.id}`);
    const webhook = await record(context, request, audit, (tx) =>
      requireUnchanged(tx, principal, params.id, ifMatch),
    );
    const now = context.clock.now();
    const resource = `webhook/${webhook.id}`;
    const message = {
      type: "webhook.test",
      timestamp: renderTime(now),
      project_id: webhook.projectId,
      resource,
    };
    const attempt = await context.webhooks.send(
      webhook,
      randomUUID(),
      JSON.stringify({ ...message, data: {} }),
    );
    const outcome = attempt.ok ? { status: attempt.status } : { problem: attempt.problem };
    return { body: { delivered: attempt.ok, ...outcome, duration_ms: context.clock.now() - now } };
  },
});

/** Lists what is on its way, or what died: it was tried for a day. */
export const listWebhookDeliveries = defineOperation({
  id: "ListWebhookDeliveries",
  method: "GET",
  path: `${path}/:id/deliveries`,
  action: "postern:webhook:list",
  schemas: {
    params: resourceParams,
    query: Type.Object({ ...pageQuery.properties, status: Type.Optional(stringEnum(["pending", "dead"])) }),
    answer: pageOf("deliveries", deliveryAnswer),
  },
  async handle({ principal, params, query }, { store }) {
    return store.read(async (tx) => {
      const { id } = await requireWebhook(tx, principal, params.id);
      const { items, total } = await tx.webhooks.deliveries(id, query.status ?? "pending", readPage(query));
      return { body: { deliveries: items.map(renderDelivery), total_count: total } };
    });
  },
});

/** Sends a delivery that died once more, or one that waits at once. */
export const retryWebhookDelivery = defineOperation({
  id: "RetryWebhookDelivery",
  method: "POST",
  path: `${path}/:id/deliveries/:delivery_id/retry`,
  action: "postern:webhook:retry",
  schemas: {
    params: Type.Object({
      ...resourceParams.properties,
      delivery_id: Type.String({ minLength: 1, maxLength: 100 }),
    }),
    answer: deliveryAnswer,
  },
  async handle(request, context) {
    const { params, principal, ifMatch } = request;
    const audit = auditEntry(request, "retryWebhookDelivery", `webhook/${params.id}`);
    const delivery = await record(context, request, audit, async (tx) => {
      const webhook = await requireUnchanged(tx, principal, params.id, ifMatch);
      const found = await tx.webhooks.delivery(params.delivery_id);
      if (found?.webhookId !== webhook.id)
        throw new PosternError(
          "resource_not_found",
          `The webhook has no delivery ${params.delivery_id}: it may have arrived. List its deliveries to find the id.`,
        );
      const fresh: Delivery = { ...found, status: "pending", failures: 0, nextAt: context.clock.now() };
      await tx.webhooks.setDelivery(fresh);
      return fresh;
    });
    context.webhooks.wake(delivery.webhookId);
    return { body: renderDelivery(delivery) };
  },
});

function readKinds(kinds: readonly string[] = []): readonly EventKind[] {
  for (const kind of kinds) checkKind(kind);
  return [...new Set(kinds)] as EventKind[];
}

/** @throws PosternError quota_exceeded */
async function requireRoom(tx: Repositories, { projectId }: Principal): Promise<void> {
  const present = await tx.webhooks.allOfProject(projectId);
  if (present.length < mostWebhooks) return;
  throw new PosternError(
    "quota_exceeded",
    `A project has at most ${mostWebhooks} webhooks. Delete one that nobody listens to any more.`,
  );
}

/** @throws PosternError resource_not_found */
async function requireWebhook(tx: Repositories, { projectId }: Principal, id: string): Promise<Webhook> {
  const webhook = await tx.webhooks.find(id as WebhookId);
  if (webhook?.projectId === projectId) return webhook;
  throw new PosternError(
    "resource_not_found",
    `The project has no webhook ${id}. List its webhooks to find the id.`,
  );
}

/** @throws PosternError resource_not_found, precondition_failed */
async function requireUnchanged(
  tx: Repositories,
  principal: Principal,
  id: string,
  ifMatch: string | undefined,
): Promise<Webhook> {
  const webhook = await requireWebhook(tx, principal, id);
  checkIfMatch(ifMatch, contentEtag(renderWebhook(webhook)));
  return webhook;
}

function renderWebhook(webhook: Webhook): object {
  const { id, url: target, kinds, description, enabled, createdAt, updatedAt } = webhook;
  return {
    id,
    url: target,
    kinds,
    description,
    enabled,
    created_at: renderTime(createdAt),
    updated_at: renderTime(updatedAt),
  };
}

function renderDelivery(delivery: Delivery): object {
  const { id, seq, kind, resource, status, failures, nextAt, problem, createdAt } = delivery;
  return {
    id,
    event_id: seq,
    kind,
    resource,
    status,
    failures,
    ...(status === "pending" ? { next_attempt_at: renderTime(nextAt) } : {}),
    ...(problem === null ? {} : { problem }),
    created_at: renderTime(createdAt),
  };
}
