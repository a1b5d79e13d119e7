import { PosternError } from "../../domain/errors.ts";
import type { UserId } from "../../domain/ids.ts";
import type { Store } from "../../domain/store.ts";
import { hashToken, newAccessKeyPair, newToken } from "../../lib/secrets.ts";
import { auditEntry } from "../actions/audit-entry.ts";
import { record } from "../actions/record.ts";
import { defineOperation } from "../operation.ts";
import { stringEnum } from "../schema.ts";
import { renderTime } from "./render.ts";
import { sessionsLimit } from "./create-token.ts";
import { Type } from "../type-builder.ts";

const body = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(stringEnum(["token"]), { minItems: 1, maxItems: 1 }),
      token: Type.Optional(
        Type.Object({
          /** In place of the header: the published clients sign the request and send the token here. */
          id: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
          duration_seconds: Type.Optional(Type.Integer({ minimum: 900, maximum: 86_400 })),
        }),
      ),
    }),
  }),
});

/** Makes an access key that is over soon, for whoever signed in with a token (contract section 4.2). */
export const createTemporaryAccessKey = defineOperation({
  id: "CreateTemporaryAccessKeyByToken",
  method: "POST",
  path: "/v3.0/OS-CREDENTIAL/securitytokens",
  action: "iam:securitytokens:create",
  access: "signed_in",
  protocol: "iam",
  schemas: { body },
  async handle(request, context) {
    const { store, clock, seal } = context;
    const { id: token, duration_seconds: durationSeconds = 900 } = request.body.auth.identity.token ?? {};
    const { userId } = request.principal;
    // Else a temporary key could be made to live for ever, one after the other.
    if (request.headers["x-auth-token"] === undefined) await requireToken(store, token, userId, clock.now());
    const { id, secret } = newAccessKeyPair();
    const [securityToken, sealedSecret, now] = [newToken(), seal(secret), clock.now()];
    const expiresAt = now + durationSeconds * 1_000;
    const audit = auditEntry(request, "createTemporaryKey", `key/${id}`);
    await record(context, request, audit, async ({ identity }) => {
      await identity.insertAccessKey({
        id,
        userId,
        sealedSecret,
        securityToken: { hash: hashToken(securityToken), expiresAt },
        createdAt: now,
      });
      await identity.trimSessions(userId, sessionsLimit, now);
    });
    return {
      status: 201,
      body: {
        credential: {
          access: id,
          secret,
          securitytoken: securityToken,
          expires_at: renderTime(expiresAt),
        },
      },
    };
  },
});

/** @throws PosternError forbidden: without a token of the user that is valid now */
async function requireToken(
  store: Store,
  token: string | undefined,
  userId: UserId,
  now: number,
): Promise<void> {
  const found = token === undefined ? undefined : await store.identity.tokenByHash(hashToken(token));
  if (found?.userId === userId && (found.expiresAt ?? now + 1) > now) return;
  throw new PosternError(
    "forbidden",
    "A temporary access key is made for a token. Send your own, valid one as X-Auth-Token or as auth.identity.token.id.",
  );
}
